package import Units

/// What one agent may move at a time; nil is no limit.
package struct TransferAllowance: Hashable, Sendable {
    /// Bytes per second it may receive; zero is a pause.
    package let down: BytesPerSecond?
    /// Bytes per second it may send to peers; zero is a pause.
    package let up: BytesPerSecond?

    package init(down: BytesPerSecond?, up: BytesPerSecond?) {
        self.down = down
        self.up = up
    }

    package static let paused = TransferAllowance(down: .zero, up: .zero)

    package var isPaused: Bool { down == .zero }
}
