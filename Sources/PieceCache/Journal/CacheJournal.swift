package import Manifest
package import Units

/// What a blob's journal says: which pieces are proven, and which of them are sure to be on the disk itself.
///
/// An entry is written after its piece's data. A crash of the process leaves both in the page cache; a loss of power may
/// leave the entry without the data. So pieces under a sync mark are offered at once after a restart, later ones are hashed
/// again first. Damaged entries (torn by the crash) are as if they had never been.
package struct CacheJournal: Sendable {
    /// What a journal gives back after a restart.
    package struct Recovery: Sendable {
        /// Sure to be on disk.
        package var offer: [PieceIndex: PieceHashes] = [:]
        /// To be read and hashed before they may be offered.
        package var rehash: [PieceIndex: PieceHashes] = [:]
        /// Where writing goes on.
        package var journal: CacheJournal
    }

    /// Bytes before the first entry.
    package static let headerByteCount = 64
    private static let magic = Array("SLCJ".utf8) + [1, 0, 0, 0]

    /// Entries so far, damaged ones included.
    package private(set) var entryCount: UInt32

    /// A new journal.
    package init() { entryCount = 0 }

    /// The bytes a journal of this blob begins with.
    package static func header(blob: BlobID, geometry: PieceGeometry) -> [UInt8] {
        var bytes = magic + blob.bytes
        let size = geometry.size.rawValue
        bytes += JournalEntry.bigEndian(UInt32(truncatingIfNeeded: size >> 32))
        bytes += JournalEntry.bigEndian(UInt32(truncatingIfNeeded: size))
        bytes += JournalEntry.bigEndian(geometry.pieceLength)
        bytes += [0, 0, 0, 0]
        return bytes + JournalEntry.checksum(bytes)
    }

    /// Where entry `number` lies in the file.
    static func offset(of number: UInt32) -> UInt64 {
        UInt64(headerByteCount) + UInt64(number) * UInt64(JournalEntry.byteCount)
    }

    /// More than this is no journal of the blob.
    package static func maximumByteCount(_ geometry: PieceGeometry) -> UInt64 {
        UInt64(
            headerByteCount + JournalEntry.byteCount * (1024 + geometry.pieceCount.int * Limits.journalEntriesPerPiece)
        )
    }

    /// Reads a journal file, however damaged. Nil where its header is not this blob's: discard everything.
    package static func recovered(from bytes: [UInt8], blob: BlobID, geometry: PieceGeometry) -> Recovery? {
        guard UInt64(bytes.count) <= maximumByteCount(geometry) else { return nil }
        guard bytes.starts(with: header(blob: blob, geometry: geometry)) else { return nil }
        var written: [PieceIndex: (number: UInt32, hashes: PieceHashes)] = [:]
        var synced: UInt32 = 0
        var journal = CacheJournal()
        var start = headerByteCount
        // A torn last entry is not counted, so the next one is written over it.
        while start + JournalEntry.byteCount <= bytes.count {
            let number = journal.entryCount
            if let entry = JournalEntry(decoding: bytes[start..<start + JournalEntry.byteCount], number: number) {
                switch entry.event {
                case .written(let piece, let hashes) where geometry.contains(piece): written[piece] = (number, hashes)
                case .synced(let before) where before <= number: synced = max(synced, before)
                case .withdrawn(let piece): written[piece] = nil
                default: break
                }
            }
            journal.entryCount += 1
            start += JournalEntry.byteCount
        }
        var recovery = Recovery(journal: journal)
        for (piece, entry) in written {
            if entry.number < synced {
                recovery.offer[piece] = entry.hashes
            } else {
                recovery.rehash[piece] = entry.hashes
            }
        }
        return recovery
    }

    /// The next entry, which counts once `entryWritten` is told.
    package func entry(for event: JournalEntry.Event) -> JournalEntry { JournalEntry(number: entryCount, event: event) }

    /// The entry is in the file. Traps for another than the next.
    package mutating func entryWritten(_ entry: JournalEntry) {
        precondition(entry.number == entryCount, "journal entries are written in order")
        entryCount += 1
    }
}
