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
        probe.httpAnswered(at: .zero)
        let first = tick(&probe, rate: 0, at: 0.1)
        #expect(first == .dialBack)
        probe.handshakeCompleted(at: .zero)
        #expect(probe.found(at: .zero + .seconds(1)) == .unknown)
        probe.dialBackAnswered(isReachable: true)
        #expect(probe.found(at: .zero + .seconds(1)) == .open)
    }

    @Test func `who cannot be dialled back has inbound blocked`() {
        var probe = NetworkProbe()
        probe.dialled(at: .zero)
        probe.httpAnswered(at: .zero)
        probe.handshakeCompleted(at: .zero)
        probe.dialBackAnswered(isReachable: false)
        #expect(probe.found(at: .zero + .seconds(1)) == .inboundBlocked)
    }

    @Test func `no handshake while HTTP answers is a block, and none where nothing answers`() {
        var probe = NetworkProbe()
        probe.dialled(at: .zero)
        #expect(probe.found(at: .zero + .seconds(60)) == .unknown)
        probe.httpAnswered(at: .zero)
        probe.dialBackAnswered(isReachable: true)
        #expect(probe.found(at: .zero + .milliseconds(1_900)) == .unknown)
        #expect(probe.found(at: .zero + .seconds(2)) == .bitTorrentBlocked)
        probe.handshakeCompleted(at: .zero)
        #expect(probe.found(at: .zero + .seconds(3)) == .open)
    }

    @Test func `twice four times slower than HTTP is a throttle`() {
        var probe = NetworkProbe()
        probe.dialled(at: .zero)
        probe.httpAnswered(at: .zero)
        probe.handshakeCompleted(at: .zero)
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
        probe.httpAnswered(at: .zero)
        probe.handshakeCompleted(at: .zero)
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
        probe.httpAnswered(at: .zero)
        probe.handshakeCompleted(at: .zero)
        for tenth in 0..<100 {
            let action = tick(&probe, rate: 2_000_000, at: Double(tenth) / 10)
            #expect(action != .sampleHTTP)
        }
    }

    @Test func `three relays' connections that end while they owe are a block, until one stands`() {
        var probe = NetworkProbe()
        probe.httpAnswered(at: .zero)
        probe.dialBackAnswered(isReachable: true)
        func connection(at second: Int64, lasting: Duration, wasCut: Bool) {
            probe.dialled(at: .zero + .seconds(second))
            probe.handshakeCompleted(at: .zero + .seconds(second))
            probe.connectionEnded(after: lasting, wasCut: wasCut)
        }
        for second in Int64(0)..<2 { connection(at: second, lasting: .milliseconds(100), wasCut: true) }
        // Who owes nothing may go, and who has stood may go.
        connection(at: 2, lasting: .milliseconds(100), wasCut: false)
        for second in Int64(3)..<5 { connection(at: second, lasting: .milliseconds(100), wasCut: true) }
        connection(at: 5, lasting: .seconds(5), wasCut: true)
        for second in Int64(6)..<8 { connection(at: second, lasting: .milliseconds(100), wasCut: true) }
        #expect(probe.found(at: .zero + .seconds(8)) == .open)
        connection(at: 8, lasting: .milliseconds(100), wasCut: true)
        #expect(probe.found(at: .zero + .seconds(8)) == .bitTorrentBlocked)
        probe.handshakeCompleted(at: .zero + .seconds(9))
        _ = tick(&probe, rate: 1_000_000, at: 13.9)
        #expect(probe.found(at: .zero + .seconds(14)) == .bitTorrentBlocked)
        _ = tick(&probe, rate: 1_000_000, at: 14)
        #expect(probe.found(at: .zero + .seconds(14)) == .open)
    }

    @Test func `no handshake any more while HTTP still answers is a block, and a relay that is gone is none`() {
        var probe = NetworkProbe()
        probe.httpAnswered(at: .zero)
        probe.dialled(at: .zero)
        probe.handshakeCompleted(at: .zero)
        probe.dialBackAnswered(isReachable: true)
        probe.connectionEnded(after: .seconds(20), wasCut: true)
        probe.dialled(at: .zero + .seconds(20))
        #expect(probe.found(at: .zero + .seconds(60)) == .open)
        probe.httpAnswered(at: .zero + .seconds(21))
        #expect(probe.found(at: .zero + .milliseconds(21_900)) == .open)
        #expect(probe.found(at: .zero + .seconds(22)) == .bitTorrentBlocked)
        // One that comes in and is cut at once is none.
        probe.handshakeCompleted(at: .zero + .seconds(22))
        probe.connectionEnded(after: .milliseconds(10), wasCut: false)
        #expect(probe.found(at: .zero + .seconds(22)) == .bitTorrentBlocked)
        probe.handshakeCompleted(at: .zero + .seconds(23))
        #expect(probe.found(at: .zero + .seconds(23)) == .open)
    }
}
