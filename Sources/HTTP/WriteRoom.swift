internal import Synchronization

/// How much the writers of one connection may have queued: each stream has an equal share of the whole, within bounds.
final class WriteRoom: Sendable {
    /// What a writer is let through below however many share, in bytes.
    static let leastShare = 64 << 10

    private let perStream: Int
    private let whole: Int
    private let streams = Atomic(0)

    init(perStream: Int, whole: Int) {
        self.perStream = perStream
        self.whole = whole
    }

    /// For a connection that has one stream at a time.
    convenience init(perStream: Int) { self.init(perStream: perStream, whole: perStream) }

    func streamsOpen(_ count: Int) { streams.store(count, ordering: .relaxed) }

    /// What one stream may have queued before its writers wait, in bytes.
    var share: Int {
        min(perStream, max(Self.leastShare, whole / max(1, streams.load(ordering: .relaxed))))
    }
}
