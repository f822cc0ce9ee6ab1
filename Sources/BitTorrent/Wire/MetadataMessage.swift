/// A message of `ut_metadata` (BEP 9).
package enum MetadataMessage: Hashable, Sendable {
    case request(piece: Int)
    case piece(Int, totalSize: Int, bytes: [UInt8])
    case reject(piece: Int)

    /// The payload after the extension id.
    package var encoded: [UInt8] {
        switch self {
        case .request(let piece):
            BencodeValue.fields(["msg_type": .integer(0), "piece": .integer(Int64(piece))]).encoded
        case .piece(let piece, let totalSize, let bytes):
            BencodeValue.fields([
                "msg_type": .integer(1), "piece": .integer(Int64(piece)), "total_size": .integer(Int64(totalSize)),
            ]).encoded + bytes
        case .reject(let piece):
            BencodeValue.fields(["msg_type": .integer(2), "piece": .integer(Int64(piece))]).encoded
        }
    }

    /// Nil for a kind of message that BEP 9 does not know.
    package static func decode(_ payload: [UInt8]) throws(WireError) -> MetadataMessage? {
        var parser = BencodeParser(payload)
        guard let value = try? parser.value(), let kind = value[key: "msg_type"]?.integer,
            let piece = value[key: "piece"]?.integer, (0...Int64(UInt32.max)).contains(piece)
        else { throw .malformedExtension }
        switch kind {
        case 0: return .request(piece: Int(piece))
        case 1:
            guard let total = value[key: "total_size"]?.integer,
                (1...Int64(Limits.maximumMetadataBytes)).contains(total)
            else { throw .malformedExtension }
            let bytes = Array(payload[parser.position...])
            guard bytes.count <= Limits.metadataPieceBytes else { throw .malformedExtension }
            return .piece(Int(piece), totalSize: Int(total), bytes: bytes)
        case 2: return .reject(piece: Int(piece))
        default: return nil
        }
    }

    /// What a request for a piece of `info` is answered with.
    package static func answer(piece: Int, info: [UInt8]?) -> MetadataMessage {
        guard let info, piece >= 0, piece <= info.count / Limits.metadataPieceBytes else {
            return .reject(piece: piece)
        }
        let start = piece * Limits.metadataPieceBytes
        guard start < info.count else { return .reject(piece: piece) }
        let end = min(start + Limits.metadataPieceBytes, info.count)
        return .piece(piece, totalSize: info.count, bytes: Array(info[start..<end]))
    }
}
