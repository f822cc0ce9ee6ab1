import Manifest
import PieceCache
import Units

extension FuzzTarget {
    static let cache: [FuzzTarget] = [
        FuzzTarget("cache-journal", maximumBytes: 1024, seeds: { journals }, check: cacheJournal)
    ]

    private static let geometry = FuzzSamples.geometry(5 * 65_536 - 1)
    private static let blob: BlobID = FuzzSamples.fixed(5)

    private static var journals: [[UInt8]] {
        let hashes = PieceHashes(merkleRoot: FuzzSamples.fixed(1), sha1: FuzzSamples.fixed(2))
        let events: [JournalEntry.Event] = [
            .written(PieceIndex(3), hashes), .synced(before: 1), .withdrawn(PieceIndex(3)),
        ]
        let entries = events.enumerated().map { JournalEntry(number: UInt32($0), event: $1).encoded }
        let file = CacheJournal.header(blob: blob, geometry: geometry) + entries.joined()
        return [[0] + file, [1] + entries.flatMap { $0.prefix(64) }]
    }

    /// The first byte: 0 for a whole file; else each 64 bytes get the checksum that a fuzzer would never find.
    private static func cacheJournal(_ input: [UInt8]) {
        guard let first = input.first else { return }
        var file = Array(input.dropFirst())
        if first != 0 {
            let records = stride(from: 0, to: file.count, by: 64).map { Array(file[$0..<min($0 + 64, file.count)]) }
            file = CacheJournal.header(blob: blob, geometry: geometry)
            for record in records { file += record + (record.count == 64 ? JournalEntry.checksum(record) : []) }
        }
        guard let found = CacheJournal.recovered(from: file, blob: blob, geometry: geometry) else { return }
        precondition(found.offer.keys.allSatisfy(geometry.contains), "a piece beyond the blob is offered")
        precondition(Set(found.offer.keys).isDisjoint(with: found.rehash.keys), "a piece is both sure and unsure")
        var journal = found.journal
        let end = CacheJournal.headerByteCount + Int(journal.entryCount) * JournalEntry.byteCount
        precondition(end <= file.count && file.count < end + JournalEntry.byteCount, "entries are miscounted")
        // What is written next is read back, over whatever was torn.
        let entry = journal.entry(for: .withdrawn(PieceIndex(0)))
        journal.entryWritten(entry)
        let longer = Array(file[..<end]) + entry.encoded
        let again = CacheJournal.recovered(from: longer, blob: blob, geometry: geometry)
        precondition(
            again.map { $0.offer[PieceIndex(0)] == nil && $0.rehash[PieceIndex(0)] == nil } ?? true,
            "not read"
        )
    }
}
