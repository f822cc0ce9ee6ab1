/// A node's half of the status stream: newer replaces older, everything is repeated until control has stored it.
package struct StatusOutbox<Status: Sendable & Equatable>: Sendable {
    private struct Entry: Sendable {
        var status: Status
        var sequence: UInt64
        var acknowledged: UInt64
    }

    private var entries: [String: Entry] = [:]

    package init() {}

    /// The sequence to send a status under; nil where it says nothing new. `floor` lies above the sequences of any
    /// earlier start of the node.
    package mutating func statusChanged(_ task: String, to status: Status, floor: UInt64) -> UInt64? {
        let last = entries[task]
        guard last?.status != status else { return nil }
        let sequence = max((last?.sequence ?? 0) + 1, floor)
        entries[task] = Entry(status: status, sequence: sequence, acknowledged: last?.acknowledged ?? 0)
        return sequence
    }

    /// Control has stored this sequence.
    package mutating func acknowledged(_ task: String, sequence: UInt64) {
        guard let entry = entries[task] else { return }
        entries[task]?.acknowledged = max(entry.acknowledged, sequence)
    }

    /// What control may not have stored, by task.
    package var unacknowledged: [(status: Status, sequence: UInt64)] {
        entries.sorted { $0.key < $1.key }.map(\.value)
            .filter { $0.acknowledged < $0.sequence }.map { ($0.status, $0.sequence) }
    }

    /// A task that is no more.
    package mutating func taskForgotten(_ task: String) { entries.removeValue(forKey: task) }
}
