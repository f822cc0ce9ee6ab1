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

    /// What may be moved where several allow it: each way the most. Nothing is allowed by none.
    package static func mostGenerous(of all: [TransferAllowance]) -> TransferAllowance {
        func most(_ rates: [BytesPerSecond?]) -> BytesPerSecond? {
            rates.contains(nil) ? nil : rates.lazy.compactMap(\.self).max() ?? .zero
        }
        return TransferAllowance(down: most(all.map(\.down)), up: most(all.map(\.up)))
    }

    package static let paused = TransferAllowance(down: .zero, up: .zero)

    package var isPaused: Bool { down == .zero }
}
