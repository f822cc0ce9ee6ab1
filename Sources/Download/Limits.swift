/// What one download may hold and ask for.
package enum Limits {
    /// Requests under way at one peer, at least and at most: 16 fill a LAN's first round trip, 250 is what stock
    /// clients take.
    package static let minimumQueueDepth = 16
    package static let maximumQueueDepth = 250
    /// Pieces partly received at once; times the piece length it bounds memory.
    package static let maximumPartialPieces = 24
    /// Bytes of pieces partly received or not proven yet, 48 MiB.
    package static let maximumPartialBytes: UInt64 = 48 << 20
    /// Pieces one relay is asked for over HTTP at once.
    package static let parallelRelayFetches = 4
    /// Sources asked for one block at once in the endgame.
    package static let endgameCopies = 2
    /// How long a peer may take for a block before others are asked too.
    package static let blockPatience = Duration.seconds(8)
}
