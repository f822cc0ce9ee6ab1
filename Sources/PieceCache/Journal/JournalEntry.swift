package import Manifest
package import Units

/// One record of a blob's journal: 72 bytes, the last eight of them a truncated SHA-256 over the others.
package struct JournalEntry: Hashable, Sendable {
    /// What is recorded.
    package enum Event: Hashable, Sendable {
        /// The piece's bytes, which have these hashes, were handed to the file system.
        case written(PieceIndex, PieceHashes)
        /// The bytes of every piece in entries before this number are on the disk itself.
        case synced(before: UInt32)
        /// The piece is no longer proven.
        case withdrawn(PieceIndex)
    }

    /// Bytes of each entry.
    package static let byteCount = 72
    /// The entry's position, from 0: an entry read at another position is damaged.
    package let number: UInt32
    /// What it records.
    package let event: Event

    /// The 72 bytes.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        let kind: UInt32
        let value: UInt32
        var hashes = [UInt8](repeating: 0, count: 52)
        switch event {
        case .written(let piece, let pair):
            (kind, value) = (1, piece.rawValue)
            hashes = pair.merkleRoot.bytes + pair.sha1.bytes
        case .synced(let before): (kind, value) = (2, before)
        case .withdrawn(let piece): (kind, value) = (3, piece.rawValue)
        }
        for field in [kind, number, value] { bytes.append(contentsOf: Self.bigEndian(field)) }
        bytes.append(contentsOf: hashes)
        bytes.append(contentsOf: Self.checksum(bytes))
        return bytes
    }

    /// An entry for this position.
    package init(number: UInt32, event: Event) {
        self.number = number
        self.event = event
    }

    /// Nil where the bytes are damaged or of no known kind.
    package init?(decoding bytes: ArraySlice<UInt8>, number: UInt32) {
        guard bytes.count == Self.byteCount else { return nil }
        let all = Array(bytes)
        guard Self.checksum(Array(all[..<64])) == Array(all[64...]) else { return nil }
        func field(_ index: Int) -> UInt32 { all[index * 4..<index * 4 + 4].reduce(0) { $0 << 8 | UInt32($1) } }
        guard field(1) == number else { return nil }
        let value = field(2)
        switch field(0) {
        case 1:
            guard let root = SHA256Digest(bytes: all[12..<44]), let sha1 = SHA1Digest(bytes: all[44..<64]) else {
                return nil
            }
            event = .written(PieceIndex(rawValue: value), PieceHashes(merkleRoot: root, sha1: sha1))
        case 2: event = .synced(before: value)
        case 3: event = .withdrawn(PieceIndex(rawValue: value))
        default: return nil
        }
        self.number = number
    }

    static func bigEndian(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    /// The first eight bytes of the SHA-256.
    package static func checksum(_ bytes: [UInt8]) -> [UInt8] {
        Array(SHA256Hasher.digest(of: bytes).bytes.prefix(8))
    }
}
