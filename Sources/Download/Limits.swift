/// What one download may hold and ask for.
package enum Limits {
    /// Requests under way at one peer, at least and at most: 4 keep a slow link busy, 250 is what stock clients take.
    package static let minimumQueueDepth = 4
    package static let maximumQueueDepth = 250
    /// How much of a peer's rate is asked for ahead. Longer queues keep blocks from those who could bring them sooner.
    package static let queueTime = Duration.milliseconds(750)
    /// How much of the whole rate is asked for ahead at all peers together, and the fewest blocks.
    package static let requestTime = Duration.seconds(2)
    package static let minimumRequests = 64
    /// Agents that are asked at once: one for each 128 KiB/s of the whole rate, within bounds.
    package static let flowRate: UInt64 = 128 << 10
    package static let fewestFlows = 8
    package static let mostFlows = 32
    /// One that has not answered for this long stands still.
    package static let flowPatience = Duration.seconds(1)
    /// New requests go out once this part of all that may be under way is free: an eighth.
    package static let refillShare = 8
    /// Pieces partly received at once. Few pieces leave sources idle that have none of them.
    package static let maximumPartialPieces = 512
    /// Bytes of pieces partly received or not proven yet, 24 MiB.
    package static let maximumPartialBytes: UInt64 = 24 << 20
    /// Suggestions of one source remembered at most.
    package static let rememberedSuggestions = 128
    /// How long a source that suggests is waited for before other pieces are asked of it.
    package static let advicePatience = Duration.seconds(2)
    /// Pieces one relay is asked for over HTTP at once.
    package static let parallelRelayFetches = 4
    /// Sources asked for one block at once in the endgame.
    package static let endgameCopies = 2
    /// HTTP is not asked for more than this at once where it only fills up what BitTorrent lacks, 256 KiB in whole blocks.
    package static let filledAtOnce = 16
    /// The endgame asks others for what is owed by a source that has been silent for this long.
    package static let silence = Duration.milliseconds(700)
    /// Others are asked for what an HTTP source has for certain and has not sent any of for this long, and after this long it
    /// is given up for a while. One that waits for the piece itself sends nothing, too: it is let alone until its hash is
    /// known.
    package static let fetchSilence = Duration.seconds(3)
    package static let fetchPatience = Duration.seconds(10)
    /// How long an answer over HTTP tells that HTTP works.
    package static let httpMemory = Duration.seconds(5)
    /// How long peers at our own site may bring nothing until those at others are asked.
    package static let nearPatience = Duration.seconds(2)
    /// How long after a revocation others may not have heard of it, and how long those are left alone who send old bytes.
    package static let revisionGrace = Duration.seconds(10)
    package static let revisionPause = Duration.seconds(1)
    /// Pieces that failed and are remembered block by block until the right bytes are here, and attempts at one.
    package static let suspectPieces = 64
    package static let suspectAttempts = 4
    /// How long a peer may take for a block before others are asked too.
    package static let blockPatience = Duration.seconds(8)
}
