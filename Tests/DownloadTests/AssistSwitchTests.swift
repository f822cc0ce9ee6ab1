import Download
import Testing
import Units

@Suite struct AssistSwitchTests {
    private func measurement(
        rate: UInt64,
        http: UInt64 = 0,
        progress: Double = 0.5,
        peers: Int = 3
    ) -> AssistSwitch.Measurement {
        AssistSwitch.Measurement(
            peerRate: BytesPerSecond(rawValue: rate),
            rate: BytesPerSecond(rawValue: rate + http),
            progress: progress,
            peerCount: peers,
            httpWorks: true
        )
    }

    @Test func `a slow swarm starts assist after the patience and not before`() {
        var assist = AssistSwitch(policy: AssistPolicy(), at: .zero)
        let got1 = assist.measured(measurement(rate: 10), at: .zero)
        #expect(got1 == .none)
        let got2 = assist.measured(measurement(rate: 10), at: .zero + .seconds(29))
        #expect(got2 == .none)
        let change = assist.measured(measurement(rate: 10), at: .zero + .seconds(30))
        let expected = AssistReason.slow(
            rate: BytesPerSecond(rawValue: 10),
            threshold: BytesPerSecond(rawValue: 1_000_000),
            duration: .seconds(30)
        )
        #expect(change == .start(expected))
    }

    @Test func `one fast moment starts the patience anew`() {
        var assist = AssistSwitch(policy: AssistPolicy(), at: .zero)
        _ = assist.measured(measurement(rate: 10), at: .zero)
        _ = assist.measured(measurement(rate: 2_000_000), at: .zero + .seconds(20))
        let got3 = assist.measured(measurement(rate: 10), at: .zero + .seconds(31))
        #expect(got3 == .none)
    }

    @Test func `no peer while HTTP works is a hostile network`() {
        var assist = AssistSwitch(policy: AssistPolicy(), at: .zero)
        _ = assist.measured(measurement(rate: 0, peers: 0), at: .zero)
        let change = assist.measured(measurement(rate: 0, peers: 0), at: .zero + .seconds(5))
        #expect(change == .start(.hostileNetwork(duration: .seconds(5))))
    }

    @Test func `less than a part in a hundred in five minutes is a stall`() {
        var assist = AssistSwitch(policy: AssistPolicy(), at: .zero)
        _ = assist.measured(measurement(rate: 2_000_000, progress: 0), at: .zero)
        let change = assist.measured(measurement(rate: 2_000_000, progress: 0.001), at: .zero + .seconds(300))
        guard case .start(.stalled) = change else {
            Issue.record("it was \(change)")
            return
        }
    }

    @Test func `late is half as long again as expected`() {
        var policy = AssistPolicy()
        policy.expected = .seconds(10)
        var assist = AssistSwitch(policy: policy, at: .zero)
        let got4 = assist.measured(measurement(rate: 2_000_000), at: .zero + .seconds(14))
        #expect(got4 == .none)
        let change = assist.measured(measurement(rate: 2_000_000), at: .zero + .seconds(15))
        #expect(change == .start(.overdue(elapsed: .seconds(15), expected: .seconds(10))))
    }

    @Test func `it hands back once the swarm has been fast for a while`() {
        var assist = AssistSwitch(policy: AssistPolicy(), at: .zero)
        _ = assist.measured(measurement(rate: 0, peers: 0), at: .zero)
        _ = assist.measured(measurement(rate: 0, peers: 0), at: .zero + .seconds(5))
        let got5 = assist.measured(measurement(rate: 2_000_000), at: .zero + .seconds(6))
        #expect(got5 == .none)
        let got6 = assist.measured(measurement(rate: 2_000_000), at: .zero + .seconds(9))
        #expect(got6 == .stop(.recovered(rate: BytesPerSecond(rawValue: 2_000_000))))
        #expect(!assist.isAssisting)
    }

    /// What changes when each second brings the same, with the second it changed in.
    private func run(
        _ assist: inout AssistSwitch,
        _ seconds: ClosedRange<Int>,
        alone: UInt64,
        assisted: (peers: UInt64, http: UInt64)
    ) -> [(second: Int, change: AssistSwitch.Change)] {
        seconds.compactMap { second in
            let measured =
                assist.isAssisting
                ? measurement(rate: assisted.peers, http: assisted.http, progress: Double(second) / 2000)
                : measurement(rate: alone, progress: Double(second) / 2000)
            let change = assist.measured(measured, at: .zero + .seconds(second))
            return change == .none ? nil : (second, change)
        }
    }

    @Test func `assist that only shares a full link ends, and is not tried again for a while that doubles`() {
        var assist = AssistSwitch(policy: AssistPolicy(), at: .zero)
        let changes = run(&assist, 0...1_000, alone: 480_000, assisted: (240_000, 240_000))
        #expect(changes.map(\.second) == [30, 40, 340, 350, 950, 960])
        let end = AssistEnd.useless(
            alone: BytesPerSecond(rawValue: 480_000),
            assisted: BytesPerSecond(rawValue: 480_000)
        )
        #expect(changes.filter { $0.change == .stop(end) }.map(\.second) == [40, 350, 960])
    }

    @Test func `assist that gains stays for as long as it is needed`() {
        var assist = AssistSwitch(policy: AssistPolicy(), at: .zero)
        let changes = run(&assist, 0...1_000, alone: 480_000, assisted: (470_000, 480_000))
        #expect(changes.map(\.second) == [30])
    }

    @Test func `other reasons for assist need not prove themselves, nor wait for slowness`() {
        var policy = AssistPolicy()
        policy.expected = .seconds(100)
        var assist = AssistSwitch(policy: policy, at: .zero)
        let changes = run(&assist, 0...200, alone: 480_000, assisted: (480_000, 0))
        #expect(changes.map(\.second) == [30, 40, 150])
    }

    @Test func `switched off it never starts`() {
        var policy = AssistPolicy()
        policy.isDisabled = true
        var assist = AssistSwitch(policy: policy, at: .zero)
        let got7 = assist.measured(measurement(rate: 0, peers: 0), at: .zero + .seconds(1000))
        #expect(got7 == .none)
    }
}
