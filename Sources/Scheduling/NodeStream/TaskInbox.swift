/// A node's half of the at-least-once task stream: a revision is applied once, whatever is repeated or comes late.
package struct TaskInbox: Sendable {
    /// Tasks remembered at most; the oldest gives way, and control tells a node about it again.
    package static let maximumTasks = 100_000

    private var applied: [String: UInt64] = [:]
    private var order: [String] = []

    package init() {}

    /// Whether this revision is new and has to be applied.
    package mutating func taskArrived(_ task: String, revision: UInt64) -> Bool {
        guard revision > applied[task] ?? 0 else { return false }
        if applied.updateValue(revision, forKey: task) == nil {
            order.append(task)
            if order.count > Self.maximumTasks { applied.removeValue(forKey: order.removeFirst()) }
        }
        return true
    }

    /// What has been applied, in the order of arrival.
    package var revisions: [(task: String, revision: UInt64)] {
        order.compactMap { task in applied[task].map { (task, $0) } }
    }
}
