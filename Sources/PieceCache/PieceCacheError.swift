package import Units

/// Why the cache could not do something; concerns one task only.
package struct PieceCacheError: Error, Hashable, Sendable {
    /// The kinds; room to grow.
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }
        /// The bytes are not what was expected of `piece`, or differ from what is there.
        package static let badPiece = Code(rawValue: "badPiece")
        /// The disk is full (ENOSPC, EDQUOT).
        package static let noSpace = Code(rawValue: "noSpace")
        /// The cache's own limit is reached, and everything in it is in use.
        package static let cacheFull = Code(rawValue: "cacheFull")
        /// A range that is not wholly there, where only a reader would wait.
        package static let notAvailable = Code(rawValue: "notAvailable")
        /// A reader waited as long as it may.
        package static let timedOut = Code(rawValue: "timedOut")
        /// The waiting task was cancelled.
        package static let cancelled = Code(rawValue: "cancelled")
        /// The blob was removed or evicted.
        package static let removed = Code(rawValue: "removed")
        /// Another process has the cache's directory.
        package static let inUse = Code(rawValue: "inUse")
        /// The blob lacks pieces.
        package static let incomplete = Code(rawValue: "incomplete")
        /// An argument does not fit the blob: length, range or geometry.
        package static let invalidArgument = Code(rawValue: "invalidArgument")
        /// The disk failed otherwise; see `errorNumber`.
        package static let disk = Code(rawValue: "disk")
    }

    package let code: Code
    /// What was wrong; no full stop. May name paths: not for peers.
    package let message: String
    package let piece: PieceIndex?
    /// The system's `errno`, where it spoke; else 0.
    package let errorNumber: Int32

    package init(_ code: Code, _ message: String, piece: PieceIndex? = nil, errorNumber: Int32 = 0) {
        self.code = code
        self.message = message
        self.piece = piece
        self.errorNumber = errorNumber
    }

    static let removed = PieceCacheError(.removed, "the blob was removed from the cache")
    static let notAvailable = PieceCacheError(.notAvailable, "not all of the range is in the cache")
    static let cancelled = PieceCacheError(.cancelled, "the wait was cancelled")
    static let timedOut = PieceCacheError(.timedOut, "the missing piece did not come in time")
    static let incomplete = PieceCacheError(.incomplete, "the blob is not complete")
    static let cacheFull = PieceCacheError(.cacheFull, "the cache is full and all of it is in use")
}
