/// A node's report on one task.
package struct TaskStatusUpdate: Hashable, Sendable {
    /// Grows with each report.
    package var sequence: UInt64
    /// The report, encoded by control.
    package var payload: [UInt8]

    package init(
        sequence: UInt64,
        payload: [UInt8]
    ) {
        self.sequence = sequence
        self.payload = payload
    }
}
