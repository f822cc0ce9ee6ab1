import NIOCore
import Testing
import Transport
import Units

@testable import HTTP
@testable import OriginClient

/// Properties of the deciders that strangers' connections drive.
@Suite struct ConnectionDeciderTests {
    // MARK: Floods

    /// Small, so that floods end soon.
    private static let limits: HTTP2FloodLimits = {
        var limits = HTTP2FloodLimits()
        limits.resets = 6
        limits.resetsPerSecond = 3
        limits.prioritiesPerStream = 4
        limits.windowUpdates = 5
        limits.controlFrames = 8
        limits.controlFramesPerSecond = 3
        limits.bytesWithoutPayload = 500
        limits.refusedStreams = 4
        return limits
    }()

    private enum Flood: CaseIterable {
        case emptyData, resets, refused, streams, priorities, windowUpdates, controls, pings, padding
    }

    @Test(arguments: Seeds.blocks)
    func `a client that behaves is left alone, and one that floods is found out soon whatever it does beside`(
        block: Range<UInt64>
    ) {
        Seeds.each(in: block) { _, generator in
            let limits = Self.limits
            var flood = HTTP2Guard(isServer: true, limits: limits, maximumConcurrentStreams: 4)
            var time = NIODeadline.uptimeNanoseconds(0) + .seconds(1000)
            for _ in 0..<generator.pick(0...30) {
                time = time + .milliseconds(Int64(generator.pick(400...2000)))
                behave(&flood, at: time, &generator)
                try hold(flood.violation == nil, "\(flood.violation ?? "") though it behaved")
            }
            guard let kind = Flood.allCases.randomElement(using: &generator) else { return }
            var steps = 0
            while flood.violation == nil {
                steps += 1
                try hold(steps <= 400, "a flood of \(kind) is never found out")
                // Half a second for ten reads: slower than that is no flood.
                time = time + .milliseconds(Int64(generator.pick(0...50)))
                flood.readBegan(at: time)
                attack(kind, &flood)
                flood.parsed(30)
            }
            let violation = flood.violation
            for _ in 0..<3 { behave(&flood, at: time + .seconds(5), &generator) }
            try hold(flood.violation == violation, "a violation is forgotten")
        }
    }

    /// A request and what belongs to it, once in a while.
    private func behave(_ flood: inout HTTP2Guard, at time: NIODeadline, _ generator: inout SeededGenerator) {
        let requests = generator.pick(0...4)
        flood.readBegan(at: time)
        for _ in 0..<requests {
            flood.streamOpened()
            flood.headersArrived(length: 60)
            flood.dataArrived(payload: generator.pick(1...100), endStream: false)
            if generator.chance(2) { flood.dataArrived(payload: 0, endStream: false) }
            flood.dataArrived(payload: 0, endStream: true)
            flood.headersSent()
            for _ in 0..<generator.pick(0...3) { flood.dataFrameSent(generator.pick(1...1000)) }
            flood.windowUpdateArrived()
            if generator.chance(4) { flood.priorityArrived() }
            flood.streamClosed(.noError)
        }
        if generator.chance(2) { flood.resetSeen() }
        if generator.chance(3) {
            flood.headersSent()
            flood.pingArrived()
        }
        if generator.chance(6) { flood.controlArrived() }
        flood.dataFrameSent(1)
        flood.parsed(20 + 200 * requests)
    }

    private func attack(_ kind: Flood, _ flood: inout HTTP2Guard) {
        switch kind {
        case .emptyData: flood.dataArrived(payload: 0, endStream: false)
        case .resets: for _ in 0..<2 { flood.resetSeen() }
        case .refused: flood.streamRefused()
        case .streams: for _ in 0..<9 { flood.streamOpened() }
        case .priorities: for _ in 0..<6 { flood.priorityArrived() }
        case .windowUpdates: for _ in 0..<30 { flood.windowUpdateArrived() }
        case .controls: for _ in 0..<2 { flood.controlArrived() }
        case .pings: flood.pingArrived()
        case .padding:
            flood.dataArrived(payload: 1, endStream: false)
            flood.parsed(2000)
        }
    }

    @Test(arguments: Seeds.blocks)
    func `a head is taken on a new stream or an open one, and on an ended one only where we ended it`(
        block: Range<UInt64>
    ) {
        Seeds.each(in: block) { _, generator in
            var streams = HTTP2PeerStreams()
            var (last, open, reset) = (Int32(0), Set<Int32>(), Set<Int32>())
            var isBad = false
            for _ in 0..<60 where !isBad {
                let stream = Int32(generator.pick(0...15)) * 2 + 1
                switch generator.pick(0...5) {
                case 0, 1, 2:
                    isBad = stream <= last && !open.contains(stream) && !reset.contains(stream)
                    if stream > last {
                        last = stream
                        open.insert(stream)
                    }
                    streams.headersBegan(stream)
                case 3 where open.remove(stream) != nil: streams.closed(stream)
                case 4 where open.remove(stream) != nil:
                    streams.resetHere(stream)
                    reset.insert(stream)
                case 5 where generator.chance(20):
                    isBad = true
                    streams.priorityOnConnection()
                default: break
                }
                try hold((streams.violation != nil) == isBad, "right and wrong heads are mixed up")
            }
        }
    }

    // MARK: Listening

    @Test(arguments: Seeds.blocks)
    func `a gate lets in its rate and a little more in any time, and whoever waits as long as told gets in`(
        block: Range<UInt64>
    ) {
        Seeds.each(in: block) { _, generator in
            let perSecond = generator.pick(1...200)
            var now = BootTime.zero
            var gate = AdmissionGate(perSecond: perSecond, at: now)
            var admitted: [BootTime] = []
            for _ in 0..<60 {
                now = now + .milliseconds(generator.pick(0...40))
                if let wait = gate.wait(at: now) {
                    try hold(wait > .zero && wait.seconds <= 1.001 / Double(perSecond) * 2, "it waits for \(wait)")
                    guard generator.chance(2) else { continue }
                    now = now + wait + .nanoseconds(100)
                    try hold(gate.wait(at: now) == nil, "the wait was too short")
                }
                gate.connectionAccepted(at: now)
                admitted.append(now)
            }
            let burst = max(1, Double(perSecond) / 10) + 1
            for first in admitted.indices {
                let last = admitted.indices.last ?? first
                let time = (admitted[last] - admitted[first]).seconds
                let most = Double(perSecond) * time + burst + 0.01
                try hold(Double(last - first + 1) <= most, "\(last - first + 1) in \(time) s at \(perSecond) a second")
            }
        }
    }

    @Test(arguments: Seeds.blocks)
    func `a protocol once told apart stays so, whatever follows and however it is cut`(block: Range<UInt64>) {
        let openings: [(DetectedProtocol, [UInt8])] = [
            (.tls, [0x16, 0x03, 0x01]), (.http2, Array("PRI * HTTP/2.0\r\n".utf8)),
            (.bitTorrent, [0x13] + Array("BitTorrent protocol".utf8)), (.http1, Array("GET / HTTP/1.1".utf8)),
            (.http1, Array("PROPFIND /".utf8)), (.http1, Array("PRIOR /".utf8)),
        ]
        Seeds.each(in: block) { _, generator in
            guard let (expected, opening) = openings.randomElement(using: &generator) else { return }
            var bytes = opening + (0..<generator.pick(0...6)).map { _ in UInt8(generator.pick(0...255)) }
            let isDamaged = generator.chance(2)
            if isDamaged { bytes[generator.pick(0...bytes.count - 1)] ^= UInt8(generator.pick(1...255)) }
            var settled: FirstBytes.Verdict?
            for count in 0...bytes.count {
                let verdict = FirstBytes.verdict(bytes.prefix(count))
                if let settled { try hold(verdict == settled, "\(settled) becomes \(verdict)") }
                if verdict != .needMore { settled = verdict }
            }
            if !isDamaged {
                try hold(settled == .decided(expected), "\(expected) is taken for \(String(describing: settled))")
            }
            let garbage = (0..<64).map { _ in UInt8(generator.pick(0...255)) }
            try hold(FirstBytes.verdict(garbage) != .needMore, "a stranger is waited for")
        }
    }

    // MARK: Origin

    @Test(arguments: Seeds.blocks)
    func `a connection to the origin never brings more than its rate and one read, and never stands still`(
        block: Range<UInt64>
    ) {
        Seeds.each(in: block) { _, generator in
            var gate = RateGate()
            var now: UInt64 = 1_000_000_000
            let rate = BytesPerSecond(generator.pick(1_000...1_000_000))
            gate.rateChanged(to: rate, at: now)
            let (began, largest) = (now, 16_384)
            var taken = 0
            for _ in 0..<40 {
                if let opening = gate.opening(at: now) {
                    try hold(opening > now && opening < now + 600_000_000_000, "it never opens again")
                    now = generator.chance(4) ? opening : now + UInt64(generator.pick(0...50_000_000))
                    continue
                }
                let count = generator.pick(1...largest)
                gate.bytesTaken(count, at: now)
                taken += count
                let seconds = Double(now - began) / 1e9
                let slack = Double(Limits.rateSlackNanoseconds) / 1e9
                let most = Double(rate.rawValue) * (seconds + slack) + Double(largest) + 1
                try hold(Double(taken) <= most, "\(taken) bytes in \(seconds) s")
                now += UInt64(generator.pick(0...5_000_000))
            }
            gate.rateChanged(to: .zero, at: now)
            try hold(gate.opening(at: now) == .max, "something may come at no rate")
            gate.rateChanged(to: nil, at: now)
            try hold(gate.opening(at: now) == nil, "no limit holds back")
        }
    }
}
