package import Units

/// Control's half of one node's stream: what waits for a node that reads more slowly than it is told. Bounded; newer
/// state replaces older; order is kept otherwise. Delivery is at-least-once by repetition: what a closed outbox held is
/// told again when the node comes back, for its owner keeps it.
///
/// | state | messageReady | messageTaken | readerFull | isStalled |
/// | --- | --- | --- | --- | --- |
/// | empty | waiting | ours: precondition | empty | false |
/// | waiting | waiting; overflowed at the bound | waiting or empty; not stalled | stalled since then | false |
/// | stalled | stalled; overflowed at the bound | waiting or empty; not stalled | stalled | after the patience |
package struct TaskOutbox<Key: Hashable & Sendable, Message: Sendable>: Sendable {
    /// What became of a message.
    package enum Verdict: Hashable, Sendable {
        case kept
        /// It took the place of an older one under the same key.
        case replaced
        /// There was no room: the stream has to end, and the node is told all again when it comes back.
        case overflowed
    }

    private struct Entry: Sendable {
        let key: Key?
        let bytes: Int
        /// Nil once a newer one has replaced it.
        var message: Message?
    }

    /// Messages that wait at most.
    package let maximumMessages: Int
    /// Bytes that wait at most; a message alone may be larger.
    package let maximumBytes: Int
    private var entries: [Entry] = []
    /// The first entry that may hold a message.
    private var first = 0
    private var positions: [Key: Int] = [:]
    /// Messages that wait.
    package private(set) var count = 0
    /// Their bytes.
    package private(set) var bytes = 0
    private var stalledSince: BootTime?

    /// An empty outbox for at most this many messages and bytes.
    package init(maximumMessages: Int, maximumBytes: Int = .max) {
        precondition(maximumMessages > 0 && maximumBytes > 0, "an outbox holds at least one message")
        self.maximumMessages = maximumMessages
        self.maximumBytes = maximumBytes
    }

    package var isEmpty: Bool { count == 0 }

    /// A message for the node. One under the same key that still waits is dropped for it; nil is never replaced.
    package mutating func messageReady(_ message: Message, key: Key?, bytes size: Int = 0) -> Verdict {
        var verdict = Verdict.kept
        if let key, let at = positions[key] {
            entries[at].message = nil
            count -= 1
            bytes -= entries[at].bytes
            verdict = .replaced
        }
        guard count < maximumMessages, count == 0 || bytes + size <= maximumBytes else { return .overflowed }
        if let key { positions[key] = entries.count }
        entries.append(Entry(key: key, bytes: size, message: message))
        count += 1
        bytes += size
        dropReplaced()
        return verdict
    }

    /// The oldest message, which is next to go.
    package var next: Message? {
        entries[first...].first { $0.message != nil }?.message
    }

    /// The message that was `next` has gone: the node reads.
    package mutating func messageTaken() {
        precondition(count > 0, "a message was taken out of an empty outbox")
        while entries[first].message == nil { first += 1 }
        if let key = entries[first].key { positions.removeValue(forKey: key) }
        entries[first].message = nil
        bytes -= entries[first].bytes
        first += 1
        count -= 1
        stalledSince = nil
        if count == 0 {
            entries = []
            positions = [:]
            first = 0
        }
    }

    /// The node takes nothing for now.
    package mutating func readerFull(at now: BootTime) {
        if count > 0, stalledSince == nil { stalledSince = now }
    }

    /// Whether the node has taken nothing for so long that it counts as gone.
    package func isStalled(at now: BootTime, patience: Duration) -> Bool {
        stalledSince.map { now - $0 >= patience } ?? false
    }

    /// Room for what was replaced or taken is given back once it is more than what waits.
    private mutating func dropReplaced() {
        guard entries.count > 2 * count + 16 else { return }
        entries = entries[first...].filter { $0.message != nil }
        first = 0
        positions = [:]
        for (index, entry) in entries.enumerated() {
            if let key = entry.key { positions[key] = index }
        }
    }

    /// The bound holds, and every key leads to the message under it.
    package func checkInvariants() {
        precondition(count <= maximumMessages, "more waits than may")
        precondition(count == entries[first...].count { $0.message != nil }, "the count is wrong")
        let waiting = entries[first...].reduce(0) { $0 + ($1.message == nil ? 0 : $1.bytes) }
        precondition(bytes == waiting && (count <= 1 || bytes <= maximumBytes), "the bytes are wrong")
        precondition(entries.count <= 2 * max(count, maximumMessages) + 17, "dropped messages pile up")
        for (key, index) in positions {
            precondition(index >= first && entries[index].key == key && entries[index].message != nil, "a key is lost")
        }
    }
}
