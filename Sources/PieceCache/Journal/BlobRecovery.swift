internal import Logging
internal import Manifest
internal import NIOCore
internal import Units

/// Opens one blob's files and proves what they hold. On the disk pool.
struct BlobRecovery {
    let blob: BlobID
    let geometry: PieceGeometry
    let space: CacheSpace

    func run() throws(PieceCacheError) -> BlobCache {
        let path = space.path(of: blob)
        try space.files.makeDirectory(path)
        let file = try space.files.open(path + "/journal")
        let data = try space.files.open(path + "/data")
        guard let recovery = try recovered(file, data) else { return try fresh(file) }
        var proven = recovery.offer
        var journal = JournalFile(file: file, journal: recovery.journal, limits: space.limits)
        var buffer = ByteBuffer()
        for (piece, hashes) in recovery.rehash.sorted(by: { $0.key < $1.key }) {
            if try rehash(piece, data, &buffer) == hashes {
                proven[piece] = hashes
            } else {
                space.logger.warning(
                    "a piece did not survive the crash",
                    metadata: ["blob": "\(blob)", "piece": "\(piece.rawValue)"]
                )
                try journal.pieceWithdrawn(piece, files: space.files)
            }
        }
        // What was hashed again is still maybe only in memory; the next sync mark covers it.
        if !recovery.rehash.isEmpty { journal.piecesRehashed(recovery.rehash.count) }
        return BlobCache(id: blob, geometry: geometry, space: space, data: data, journal: journal, proven: proven)
    }

    /// Nil where there is nothing of this blob and geometry.
    private func recovered(_ file: CacheFile, _ data: CacheFile) throws(PieceCacheError) -> CacheJournal.Recovery? {
        let count = try space.files.size(of: file)
        guard count >= CacheJournal.headerByteCount, count <= CacheJournal.maximumByteCount(geometry) else {
            return nil
        }
        guard try space.files.size(of: data) == geometry.size.rawValue else { return nil }
        var bytes = ByteBuffer()
        try space.files.read(Int(count), from: file, at: 0, into: &bytes)
        return CacheJournal.recovered(from: Array(bytes.readableBytesView), blob: blob, geometry: geometry)
    }

    private func fresh(_ file: CacheFile) throws(PieceCacheError) -> BlobCache {
        // The old journal ends before the data changes.
        try space.files.setSize(of: file, to: 0)
        // Another file: the old one may be a delivered file too, by a hard link.
        let path = space.path(of: blob) + "/data"
        try space.files.removeFile(path)
        let data = try space.files.open(path)
        try space.files.setSize(of: data, to: geometry.size.rawValue)
        let header = CacheJournal.header(blob: blob, geometry: geometry)
        try space.files.write(unsafe header.span.bytes, to: file, at: 0)
        // A power loss must not bring entries of another geometry back under the new header.
        try space.files.sync(file)
        return BlobCache(
            id: blob,
            geometry: geometry,
            space: space,
            data: data,
            journal: JournalFile(file: file, journal: CacheJournal(), limits: space.limits),
            proven: [:]
        )
    }

    private func rehash(
        _ piece: PieceIndex,
        _ data: CacheFile,
        _ buffer: inout ByteBuffer
    ) throws(PieceCacheError) -> PieceHashes {
        buffer.clear()
        let range = geometry.range(of: piece)
        try space.files.read(range.count.int, from: data, at: range.start, into: &buffer)
        var hasher = PieceHasher(geometry: geometry, piece: piece)
        hasher.update(buffer.readableBytesSpan)
        return hasher.finish()
    }
}
