internal import Manifest
internal import Units

/// Cuts the byte stream after the handshake into messages (BEP 3). Total: any bytes give a message, nothing yet, or a
/// `WireError`.
package enum PeerWire {
    /// The message at `offset`; nil while bytes of it are missing.
    package static func frame(in bytes: Span<UInt8>, at offset: Int = 0) throws(WireError) -> PeerFrame? {
        guard offset >= 0, bytes.count - offset >= 4 else { return nil }
        let length = Int(integer(bytes, offset))
        guard length <= Limits.maximumMessageBytes else { throw .messageTooLong }
        guard length > 0 else { return PeerFrame(message: .keepAlive, byteCount: 4) }
        guard bytes.count - offset - 4 >= length else { return nil }
        let message = try message(id: bytes[offset + 4], bytes, offset + 5, count: length - 1)
        return PeerFrame(message: message, byteCount: 4 + length)
    }

    /// How many bytes the message at the front needs in all; nil while its length is unknown. For buffer sizing.
    package static func expectedByteCount(in bytes: Span<UInt8>) -> Int? {
        guard bytes.count >= 4 else { return nil }
        return 4 + Int(integer(bytes, 0))
    }

    private static func message(
        id: UInt8,
        _ bytes: Span<UInt8>,
        _ start: Int,
        count: Int
    ) throws(WireError) -> PeerMessage {
        switch id {
        case 0...3, 14, 15: return try bare(id, count)
        case 4, 13, 17:
            guard count == 4 else { throw .malformedMessage }
            let piece = PieceIndex(rawValue: integer(bytes, start))
            return id == 4 ? .have(piece) : id == 13 ? .suggest(piece) : .allowedFast(piece)
        case 5: return .bitField(copy(bytes, start, count))
        case 6, 8, 16:
            guard count == 12 else { throw .malformedMessage }
            let block = block(bytes, start, length: integer(bytes, start + 8))
            return id == 6 ? .request(block) : id == 8 ? .cancel(block) : .reject(block)
        case 7:
            guard count >= 8 else { throw .malformedMessage }
            return .piece(block(bytes, start, length: UInt32(count - 8)))
        case 9:
            guard count == 2 else { throw .malformedMessage }
            return .port(UInt16(bytes[start]) << 8 | UInt16(bytes[start + 1]))
        case 20:
            guard count >= 1 else { throw .malformedMessage }
            return .extended(bytes[start], copy(bytes, start + 1, count - 1))
        case 21...23: return try hashMessage(id, bytes, start, count)
        default: return .unknown(id)
        }
    }

    private static func bare(_ id: UInt8, _ count: Int) throws(WireError) -> PeerMessage {
        guard count == 0 else { throw .malformedMessage }
        switch id {
        case 0: return .choke
        case 1: return .unchoke
        case 2: return .interested
        case 3: return .notInterested
        case 14: return .haveAll
        default: return .haveNone
        }
    }

    private static func hashMessage(
        _ id: UInt8,
        _ bytes: Span<UInt8>,
        _ start: Int,
        _ count: Int
    ) throws(WireError) -> PeerMessage {
        guard count >= HashRequest.byteCount, let root = SHA256Digest(bytes: copy(bytes, start, 32)) else {
            throw .malformedMessage
        }
        let request = HashRequest(
            piecesRoot: root,
            baseLayer: integer(bytes, start + 32),
            index: integer(bytes, start + 36),
            length: integer(bytes, start + 40),
            proofLayers: integer(bytes, start + 44)
        )
        let rest = count - HashRequest.byteCount
        if id == 22 {
            guard rest % SHA256Digest.byteCount == 0 else { throw .malformedMessage }
            let first = start + HashRequest.byteCount
            let hashes = stride(from: first, to: first + rest, by: SHA256Digest.byteCount).compactMap {
                SHA256Digest(bytes: copy(bytes, $0, SHA256Digest.byteCount))
            }
            return .hashes(request, hashes)
        }
        guard rest == 0 else { throw .malformedMessage }
        return id == 21 ? .hashRequest(request) : .hashReject(request)
    }

    private static func integer(_ bytes: Span<UInt8>, _ at: Int) -> UInt32 {
        UInt32(bytes[at]) << 24 | UInt32(bytes[at + 1]) << 16 | UInt32(bytes[at + 2]) << 8 | UInt32(bytes[at + 3])
    }

    private static func block(_ bytes: Span<UInt8>, _ at: Int, length: UInt32) -> Block {
        Block(piece: PieceIndex(rawValue: integer(bytes, at)), offset: integer(bytes, at + 4), length: length)
    }

    private static func copy(_ bytes: Span<UInt8>, _ start: Int, _ count: Int) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(count)
        for index in start..<start + count { output.append(bytes[index]) }
        return output
    }
}
