package import Units

/// What the engine's shell has to do, in order.
package enum DownloadAction: Equatable, Sendable {
    case request(SourceID, [Block])
    case cancel(SourceID, [Block])
    /// Fetch these bytes of a piece over HTTP; blocks are told as they arrive.
    case fetch(SourceID, PieceIndex, ByteRange)
    case cancelFetch(SourceID, PieceIndex)
    /// All blocks of a piece are here and its hash is known.
    case verify(PieceIndex)
    /// A piece that is in the cache, but whose old hash was revoked, has a hash again: is it still the right one?
    case reprove(PieceIndex)
    /// What was received of a piece is worthless.
    case discard(PieceIndex)
    case startAssist(AssistReason)
    case stopAssist(AssistEnd)
    case ban(SourceID)
    /// Whether a connection to the origin is wanted.
    case wantOrigin(Bool)
    case completed
}
