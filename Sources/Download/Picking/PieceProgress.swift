internal import Units

/// One piece that is partly received or asked for.
struct PieceProgress: Sendable {
    enum BlockState: Sendable, Equatable { case missing, received }

    var blocks: [BlockState]
    var receivedCount = 0
    /// Who is asked for each block.
    var askedOf: [Int: [SourceID]] = [:]
    /// Who sent each block.
    var sentBy: [SourceID?]
    /// When the first block came.
    var since: BootTime?
    /// All blocks are here; the shell was told to verify.
    var isVerifying = false
    /// After a failure: the one source that may send it whole, to find who lies.
    var soleSource: SourceID?

    init(blockCount: Int) {
        blocks = Array(repeating: .missing, count: blockCount)
        sentBy = Array(repeating: nil, count: blockCount)
    }

    var senders: Set<SourceID> { Set(sentBy.lazy.compactMap(\.self)) }

    var isReceived: Bool { receivedCount == blocks.count }

    /// The first block that is missing and asked of nobody, from `start` on.
    func nextFree(from start: Int = 0) -> Int? {
        blocks.indices.dropFirst(start).first { blocks[$0] == .missing && askedOf[$0] == nil }
    }
}
