import Download
import Testing
import Units

@Suite struct AssistSwitchTests {
    private let size = ByteCount(rawValue: 960_000_000)

    private func measurement(
        rate: UInt64,
        http: UInt64 = 0,
        progress: Double = 0.5,
        peers: Int = 3,
        httpWorks: Bool = true,
        cutOff: Bool = false
    ) -> AssistSwitch.Measurement {
        AssistSwitch.Measurement(
            peerRate: BytesPerSecond(rawValue: rate),
            rate: BytesPerSecond(rawValue: rate + http),
            progress: progress,
            peerCount: peers,
            httpWorks: httpWorks,
            peersAreCutOff: cutOff
        )
    }

    @Test func `a slow swarm starts assist after the patience and not before`() {
        var assist = AssistSwitch(policy: AssistPolicy(), size: size, at: .zero)
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
        var assist = AssistSwitch(policy: AssistPolicy(), size: size, at: .zero)
        _ = assist.measured(measurement(rate: 10), at: .zero)
        _ = assist.measured(measurement(rate: 2_000_000), at: .zero + .seconds(20))
        let got3 = assist.measured(measurement(rate: 10), at: .zero + .seconds(31))
        #expect(got3 == .none)
    }

    @Test func `no peer while HTTP works is a hostile network`() {
        var assist = AssistSwitch(policy: AssistPolicy(), size: size, at: .zero)
        _ = assist.measured(measurement(rate: 0, peers: 0), at: .zero)
        let change = assist.measured(measurement(rate: 0, peers: 0), at: .zero + .seconds(5))
        #expect(change == .start(.hostileNetwork(duration: .seconds(5))))
    }

    @Test func `peers that are cut off again and again are none`() {
        var assist = AssistSwitch(policy: AssistPolicy(), size: size, at: .zero)
        _ = assist.measured(measurement(rate: 100_000, cutOff: true), at: .zero)
        let change = assist.measured(measurement(rate: 100_000, cutOff: true), at: .zero + .seconds(5))
        #expect(change == .start(.hostileNetwork(duration: .seconds(5))))
    }

    @Test(arguments: [true, false]) func `what is slow and then blocked is not only filled up any more`(httpWorks: Bool)
    {
        var assist = AssistSwitch(policy: AssistPolicy(), size: size, at: .zero)
        _ = assist.measured(measurement(rate: 10), at: .zero)
        _ = assist.measured(measurement(rate: 10), at: .zero + .seconds(30))
        _ = assist.measured(
            measurement(rate: 0, http: 1_000_000, peers: 0, httpWorks: httpWorks),
            at: .zero + .seconds(31)
        )
        let change = assist.measured(
            measurement(rate: 0, http: 1_000_000, peers: 0, httpWorks: httpWorks),
            at: .zero + .seconds(36)
        )
        #expect(change == (httpWorks ? .start(.hostileNetwork(duration: .seconds(5))) : .none))
    }

    @Test func `less than a part in a hundred in five minutes is a stall`() {
        var assist = AssistSwitch(policy: AssistPolicy(), size: size, at: .zero)
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
        var assist = AssistSwitch(policy: policy, size: size, at: .zero)
        let got4 = assist.measured(measurement(rate: 2_000_000), at: .zero + .seconds(14))
        #expect(got4 == .none)
        let change = assist.measured(measurement(rate: 2_000_000), at: .zero + .seconds(15))
        #expect(change == .start(.overdue(elapsed: .seconds(15), expected: .seconds(10))))
    }

    @Test func `it hands back once the swarm has been fast for a while`() {
        var assist = AssistSwitch(policy: AssistPolicy(), size: size, at: .zero)
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
        var assist = AssistSwitch(policy: AssistPolicy(), size: size, at: .zero)
        let changes = run(&assist, 0...1_000, alone: 480_000, assisted: (240_000, 240_000))
        #expect(changes.map(\.second) == [30, 40, 340, 350, 950, 960])
        let end = AssistEnd.useless(
            alone: BytesPerSecond(rawValue: 480_000),
            assisted: BytesPerSecond(rawValue: 480_000)
        )
        #expect(changes.filter { $0.change == .stop(end) }.map(\.second) == [40, 350, 960])
    }

    @Test func `assist that gains stays for as long as it is needed`() {
        var assist = AssistSwitch(policy: AssistPolicy(), size: size, at: .zero)
        let changes = run(&assist, 0...1_000, alone: 480_000, assisted: (470_000, 480_000))
        #expect(changes.map(\.second) == [30])
    }

    @Test func `lateness need not wait for slowness, proves itself too, and is then measured anew`() {
        var policy = AssistPolicy()
        policy.expected = .seconds(100)
        var assist = AssistSwitch(policy: policy, size: size, at: .zero)
        // 0.92 of the file is left after 160 s; at this rate it takes 1,840 s, and late is half as long again.
        let changes = run(&assist, 0...1_999, alone: 480_000, assisted: (480_000, 0))
        #expect(changes.prefix(4).map(\.second) == [30, 40, 150, 160])
        let late = changes.compactMap { if case .start(.overdue) = $0.change { $0.second } else { nil } }
        #expect(late == [150])
    }

    @Test func `what is late and faster than BitTorrent alone stays, however fast the peers are`() {
        var policy = AssistPolicy()
        policy.expected = .seconds(100)
        var assist = AssistSwitch(policy: policy, size: size, at: .zero)
        // 9.6 MB/s were expected of the peers, who bring 3.
        let changes = run(&assist, 0...400, alone: 3_000_000, assisted: (3_000_000, 2_000_000))
        #expect(changes.map(\.second) == [150])
    }

    @Test func `what is late ends once the peers bring what was expected, and does not begin again at once`() {
        var policy = AssistPolicy()
        policy.expected = .seconds(100)
        var assist = AssistSwitch(policy: policy, size: size, at: .zero)
        let changes = run(&assist, 0...290, alone: 3_000_000, assisted: (9_600_000, 2_000_000))
        #expect(changes.map(\.second) == [150, 153])
    }

    @Test func `below the threshold peers take over again once they bring half of all`() {
        for peers in [100_000, 300_000] as [UInt64] {
            var assist = AssistSwitch(policy: AssistPolicy(), size: size, at: .zero)
            _ = assist.measured(measurement(rate: 0, peers: 0), at: .zero)
            _ = assist.measured(measurement(rate: 0, peers: 0), at: .zero + .seconds(5))
            #expect(assist.reason == .hostileNetwork(duration: .seconds(5)))
            _ = assist.measured(measurement(rate: peers, http: 200_000), at: .zero + .seconds(6))
            let change = assist.measured(measurement(rate: peers, http: 200_000), at: .zero + .seconds(8))
            #expect(change == (peers < 200_000 ? .none : .stop(.recovered(rate: BytesPerSecond(rawValue: peers)))))
        }
    }

    @Test func `a promise is kept where peers bring nearly all of it`() {
        var policy = AssistPolicy()
        policy.slowRate = .zero
        policy.slowDuration = .seconds(2)
        policy.minimumRate = BytesPerSecond(rawValue: 5_000_000)
        var assist = AssistSwitch(policy: policy, size: size, at: .zero)
        let changes = run(&assist, 0...300, alone: 4_700_000, assisted: (4_700_000, 300_000))
        #expect(changes.map(\.second) == [2])
    }

    @Test func `no peer and no answer over HTTP is no hostile network`() {
        var assist = AssistSwitch(policy: AssistPolicy(), size: size, at: .zero)
        _ = assist.measured(measurement(rate: 0, peers: 0, httpWorks: false), at: .zero)
        let change = assist.measured(measurement(rate: 0, peers: 0, httpWorks: false), at: .zero + .seconds(5))
        #expect(change == .start(.cutOff(duration: .seconds(5))))
    }

    @Test func `switched off it never starts`() {
        var policy = AssistPolicy()
        policy.isDisabled = true
        var assist = AssistSwitch(policy: policy, size: size, at: .zero)
        let got7 = assist.measured(measurement(rate: 0, peers: 0), at: .zero + .seconds(1000))
        #expect(got7 == .none)
    }
}
