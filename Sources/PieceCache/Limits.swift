/// What PieceCache does at most at a time.
package enum Limits {
    /// Bytes of one `read(_:)`. Source: bounds the memory of a reader; 1 MiB.
    package static let maximumReadBytes = 1 << 20
    /// Bytes of one chunk a reader hands out. Source: fits a socket's send buffer; 256 KiB.
    package static let readerChunkBytes: UInt64 = 256 << 10
    /// Pieces that the running digest takes in each time one is stored. Source: it catches up with pieces out of order and
    /// holds no pool thread for long.
    package static let piecesDigestedAhead = 4
    /// Waits for missing pieces of one blob at a time. Source: 65,536 waits take about 16 MiB.
    package static let maximumWaits = 65_536
    /// Journal entries per piece before the journal is taken for damaged. Source: a piece, a sync mark and a withdrawal,
    /// each a few times over.
    package static let journalEntriesPerPiece = 16
}
