internal import Manifest
internal import Units

extension PeerMessage {
    /// Bytes of a `piece` message before the block's own bytes.
    package static let pieceHeaderByteCount = 13

    /// The message with its length prefix; of `piece` only the part before the block's bytes.
    package var encoded: [UInt8] {
        switch self {
        case .keepAlive: return [0, 0, 0, 0]
        case .choke: return Self.frame(0)
        case .unchoke: return Self.frame(1)
        case .interested: return Self.frame(2)
        case .notInterested: return Self.frame(3)
        case .have(let piece): return Self.frame(4, Self.integer(piece.rawValue))
        case .bitField(let bytes): return Self.frame(5, bytes)
        case .request(let block): return Self.frame(6, Self.block(block))
        case .piece(let block):
            return Self.integer(9 + block.length) + [7] + Self.integer(block.piece.rawValue)
                + Self.integer(block.offset)
        case .cancel(let block): return Self.frame(8, Self.block(block))
        case .port(let port): return Self.frame(9, [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)])
        case .suggest(let piece): return Self.frame(13, Self.integer(piece.rawValue))
        case .haveAll: return Self.frame(14)
        case .haveNone: return Self.frame(15)
        case .reject(let block): return Self.frame(16, Self.block(block))
        case .allowedFast(let piece): return Self.frame(17, Self.integer(piece.rawValue))
        case .extended(let id, let payload): return Self.frame(20, [id] + payload)
        case .hashRequest(let request): return Self.frame(21, Self.request(request))
        case .hashes(let request, let hashes):
            return Self.frame(22, Self.request(request) + hashes.flatMap(\.bytes))
        case .hashReject(let request): return Self.frame(23, Self.request(request))
        case .unknown(let id): return Self.frame(id)
        }
    }

    private static func frame(_ id: UInt8, _ payload: [UInt8] = []) -> [UInt8] {
        integer(UInt32(payload.count + 1)) + [id] + payload
    }

    private static func integer(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private static func block(_ block: Block) -> [UInt8] {
        integer(block.piece.rawValue) + integer(block.offset) + integer(block.length)
    }

    private static func request(_ request: HashRequest) -> [UInt8] {
        request.piecesRoot.bytes + integer(request.baseLayer) + integer(request.index) + integer(request.length)
            + integer(request.proofLayers)
    }
}
