internal import Scheduling
internal import SluiceAPI
internal import Units

extension TransferSchedule {
    /// What an order allows an agent.
    init(_ config: DistributionConfig) {
        self.init(
            always: TransferAllowance(
                down: Self.rate(config.maxAgentBytesPerSecond),
                up: Self.rate(config.maxAgentUploadBytesPerSecond)
            ),
            windows: config.windows,
            onlyInWindows: config.onlyInWindows
        )
    }

    /// When a relay may pull: agents' rates are not its own.
    init(_ work: RelayTask) {
        let always = TransferAllowance(down: nil, up: nil)
        self.init(always: always, windows: work.windows, onlyInWindows: work.onlyInWindows)
    }

    private init(always: TransferAllowance, windows: [SluiceAPI.TransferWindow], onlyInWindows: Bool) {
        self.init(
            always: always,
            // Control has checked them; one that is not possible never holds.
            windows: windows.prefix(Self.maximumWindows).compactMap(Scheduling.TransferWindow.init),
            onlyInWindows: onlyInWindows
        )
    }

    fileprivate static func rate(_ bytesPerSecond: UInt64) -> BytesPerSecond? {
        bytesPerSecond == 0 ? nil : BytesPerSecond(rawValue: bytesPerSecond)
    }
}

extension Scheduling.TransferWindow {
    fileprivate init?(_ window: SluiceAPI.TransferWindow) {
        self.init(
            days: Set(window.days.map { Int($0.rawValue) - 1 }),
            start: Int(window.startMinute),
            end: Int(window.endMinute),
            allowance: window.paused
                ? .paused
                : TransferAllowance(
                    down: TransferSchedule.rate(window.maxAgentBytesPerSecond),
                    up: TransferSchedule.rate(window.maxAgentUploadBytesPerSecond)
                )
        )
    }
}
