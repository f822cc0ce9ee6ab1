import Download
import Testing
import Units

@Suite struct NetworkProbeTests {
    private let floor = BytesPerSecond(rawValue: 500_000)

    private func tick(_ probe: inout NetworkProbe, rate: UInt64, owe: Bool = true, at seconds: Double)
        -> NetworkProbe.Action
    {
        probe.tick(
            peerRate: BytesPerSecond(rawValue: rate),
            peersOwe: owe,
            suspicious: floor,
            at: .zero + .seconds(seconds)
        )
    }

    @Test func `who is dialled back and shakes hands has an open network`() {
        var probe = NetworkProbe()
        probe.dialled(at: .zero)
        probe.httpAnswered()
        let first = tick(&probe, rate: 0, at: 0.1)
        #expect(first == .dialBack)
        probe.handshakeCompleted()
        #expect(probe.found(at: .zero + .seconds(1)) == .unknown)
        probe.dialBackAnswered(isReachable: true)
        #expect(probe.found(at: .zero + .seconds(1)) == .open)
    }

    @Test func `who cannot be dialled back has inbound blocked`() {
        var probe = NetworkProbe()
        probe.dialled(at: .zero)
        probe.httpAnswered()
        probe.handshakeCompleted()
        probe.dialBackAnswered(isReachable: false)
        #expect(probe.found(at: .zero + .seconds(1)) == .inboundBlocked)
    }

    @Test func `no handshake while HTTP answers is a block, and none where nothing answers`() {
        var probe = NetworkProbe()
        probe.dialled(at: .zero)
        #expect(probe.found(at: .zero + .seconds(60)) == .unknown)
        probe.httpAnswered()
        probe.dialBackAnswered(isReachable: true)
        #expect(probe.found(at: .zero + .milliseconds(1_900)) == .unknown)
        #expect(probe.found(at: .zero + .seconds(2)) == .bitTorrentBlocked)
        probe.handshakeCompleted()
        #expect(probe.found(at: .zero + .seconds(3)) == .open)
    }

    @Test func `twice four times slower than HTTP is a throttle`() {
        var probe = NetworkProbe()
        probe.dialled(at: .zero)
        probe.httpAnswered()
        probe.handshakeCompleted()
        _ = tick(&probe, rate: 20_000, at: 0)
        let early = tick(&probe, rate: 20_000, at: 1.4)
        #expect(early == .none)
        let due = tick(&probe, rate: 20_000, at: 1.5)
        #expect(due == .sampleHTTP)
        probe.sampled(BytesPerSecond(rawValue: 1_000_000))
        probe.dialBackAnswered(isReachable: true)
        #expect(probe.found(at: .zero + .seconds(2)) == .open)
        let again = tick(&probe, rate: 20_000, at: 3)
        #expect(again == .sampleHTTP)
        probe.sampled(BytesPerSecond(rawValue: 1_000_000))
        #expect(probe.found(at: .zero + .seconds(3)) == .bitTorrentThrottled)
    }

    @Test func `a slow link is no throttle, and samples are few`() {
        var probe = NetworkProbe()
        probe.dialled(at: .zero)
        probe.httpAnswered()
        probe.handshakeCompleted()
        var samples = 0
        for tenth in 0..<600 where tick(&probe, rate: 100_000, at: Double(tenth) / 10) == .sampleHTTP {
            samples += 1
            probe.sampled(BytesPerSecond(rawValue: 120_000))
        }
        #expect((1...4).contains(samples))
        probe.dialBackAnswered(isReachable: true)
        #expect(probe.found(at: .zero + .seconds(60)) == .open)
    }

    @Test func `a fast swarm is not compared`() {
        var probe = NetworkProbe()
        probe.httpAnswered()
        probe.handshakeCompleted()
        for tenth in 0..<100 {
            let action = tick(&probe, rate: 2_000_000, at: Double(tenth) / 10)
            #expect(action != .sampleHTTP)
        }
    }
}
