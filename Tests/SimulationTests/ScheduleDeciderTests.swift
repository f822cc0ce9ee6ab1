import Download
import Scheduling
import Testing
import Units

/// Properties of what every node should do: times, forecasts, placement, and what a network is.
@Suite struct ScheduleDeciderTests {
    @Test(arguments: Seeds.blocks)
    func `the first window that holds counts, on every minute of a week, also over midnight`(block: Range<UInt64>) {
        Seeds.each(in: block) { _, generator in
            let always = TransferAllowance(down: BytesPerSecond(1), up: nil)
            let onlyInWindows = generator.chance(2)
            // Each window as the minutes of a week at which it begins, and its length.
            var model: [(begins: [Int], length: Int, allowance: TransferAllowance)] = []
            var windows: [TransferWindow] = []
            for number in 0..<generator.pick(0...4) {
                let days =
                    generator.chance(3) ? [] : Set((0..<generator.pick(1...3)).map { _ in generator.pick(0...6) })
                let (start, end) = (generator.pick(0...1439), generator.pick(1...1440))
                let allowance = generator.chance(4) ? .paused : TransferAllowance(down: nil, up: BytesPerSecond(number))
                windows.append(try #require(TransferWindow(days: days, start: start, end: end, allowance: allowance)))
                let begins = (days.isEmpty ? Set(0..<7) : days).map { $0 * 1440 + start }
                model.append((begins, end > start ? end - start : end + 1440 - start, allowance))
            }
            let schedule = TransferSchedule(always: always, windows: windows, onlyInWindows: onlyInWindows)
            let week = 7 * 1440
            for _ in 0..<20 {
                // 1970 began on a Thursday.
                let minute = generator.chance(3) ? edge(model, &generator) : generator.pick(0...week - 1)
                let thisWeek = Int64(generator.pick(-3000...3000)) * Int64(week) + Int64(minute - 3 * 1440)
                let found = schedule.allowance(atUnixSeconds: thisWeek * 60 + Int64(generator.pick(0...59)))
                let holding = model.first { window in
                    window.begins.contains { (minute - $0 + 2 * week) % week < window.length }
                }
                let expected = holding?.allowance ?? (onlyInWindows ? .paused : always)
                try hold(found == expected, "minute \(minute) of the week")
            }
        }
    }

    /// A minute at which something may change.
    private func edge(
        _ windows: [(begins: [Int], length: Int, allowance: TransferAllowance)],
        _ generator: inout SeededGenerator
    ) -> Int {
        guard let window = windows.randomElement(using: &generator),
            let begin = window.begins.sorted().randomElement(using: &generator)
        else { return 0 }
        let at = generator.chance(2) ? begin : begin + window.length
        return (at + generator.pick(-1...1) + 7 * 1440) % (7 * 1440)
    }

    @Test(arguments: Seeds.blocks)
    func `a forecast lies between the slowest and the fastest of before`(block: Range<UInt64>) {
        Seeds.each(in: block) { _, generator in
            var forecast = TransferForecast()
            let size = ByteCount(generator.pick(1 << 20...1 << 30))
            try hold(forecast.expected(size) == nil, "a forecast without history")
            var rates: [Double] = []
            for _ in 0..<generator.pick(0...20) {
                let before = ByteCount(generator.pick(0...1 << 26))
                let elapsed = Duration.milliseconds(generator.pick(0...600_000))
                forecast.delivered(before, in: elapsed)
                if before.rawValue >= 1 << 20, elapsed > .zero {
                    rates.append(Double(before.rawValue) / elapsed.seconds)
                }
                guard let fastest = rates.max(), let slowest = rates.min(), let expected = forecast.expected(size)
                else {
                    try hold(rates.isEmpty && forecast.expected(size) == nil, "history without a forecast")
                    continue
                }
                let bounds = (max(10, Double(size.rawValue) / fastest), max(10, Double(size.rawValue) / slowest))
                let isWithin = expected.seconds >= bounds.0 * 0.999 && expected.seconds <= bounds.1 * 1.001
                try hold(isWithin, "\(expected.seconds) s")
            }
            // It follows what is: after many alike it says so.
            for _ in 0..<60 { forecast.delivered(.mebibytes(10), in: .seconds(10)) }
            let expected = max(10, Double(size.rawValue) / Double(1 << 20))
            let found = forecast.expected(size)?.seconds ?? 0
            try hold(abs(found - expected) <= expected * 0.02, "it does not follow: \(found) s")
        }
    }

    @Test(arguments: Seeds.blocks)
    func `a slow node's messages come in order, the newest of each kind, none lost or doubled`(block: Range<UInt64>) {
        Seeds.each(in: block) { _, generator in
            let most = generator.pick(1...8)
            var outbox = TaskOutbox<String, Int>(maximumMessages: most)
            var model: [(key: String?, message: Int)] = []
            var fullSince: BootTime?
            var now = BootTime.zero
            for message in 0..<80 {
                now = now + .seconds(1)
                switch generator.pick(0...5) {
                case 0, 1, 2:
                    let key = ["a", "b", "c", nil, nil].randomElement(using: &generator) ?? nil
                    let replaces = key.flatMap { key in model.firstIndex { $0.key == key } }
                    let verdict = outbox.messageReady(message, key: key)
                    if let replaces {
                        try hold(verdict == .replaced, "newer state does not replace older")
                        model.remove(at: replaces)
                    }
                    if replaces == nil, model.count == most {
                        try hold(verdict == .overflowed, "more waits than may")
                    } else {
                        try hold(verdict != .overflowed, "it overflows before it is full")
                        model.append((key, message))
                    }
                case 3:
                    outbox.readerFull(at: now)
                    if !model.isEmpty { fullSince = fullSince ?? now }
                default:
                    guard !model.isEmpty else { continue }
                    try hold(outbox.next == model.removeFirst().message, "out of order")
                    outbox.messageTaken()
                    fullSince = nil
                }
                outbox.checkInvariants()
                try hold(outbox.count == model.count, "miscounted")
                let isStalled = fullSince.map { now - $0 >= .seconds(5) } ?? false
                try hold(outbox.isStalled(at: now, patience: .seconds(5)) == isStalled, "stalled, or not, wrongly")
            }
            while let next = outbox.next {
                try hold(!model.isEmpty && next == model.removeFirst().message, "doubled or out of order")
                outbox.messageTaken()
            }
            try hold(model.isEmpty, "a message is lost")
        }
    }

    @Test(arguments: Seeds.blocks)
    func `the least loaded relays are chosen, each once, and a distribution ends exactly when its targets have`(
        block: Range<UInt64>
    ) {
        Seeds.each(in: block) { _, generator in
            let candidates = try (0..<generator.pick(0...8)).map { number in
                RelayPlacement.Candidate(node: try #require(NodeID("r\(number)")), load: generator.pick(0...3))
            }
            let most = generator.chance(3) ? nil : generator.pick(0...6)
            let chosen = RelayPlacement.choose(candidates.shuffled(using: &generator), atMost: most)
            try hold(chosen.count == min(most ?? .max, candidates.count), "too few, or too many")
            try hold(Set(chosen).count == chosen.count, "a relay is chosen twice")
            try hold(chosen == RelayPlacement.choose(candidates, atMost: most), "it depends on their order")
            let (taken, left) = (
                candidates.filter { chosen.contains($0.node) }.map(\.load),
                candidates.filter { !chosen.contains($0.node) }.map(\.load)
            )
            try hold(taken.max() ?? 0 <= left.min() ?? .max, "a busier relay is chosen")

            typealias Phase = DistributionOutcome.TaskPhase
            func phases(_ count: Int) -> [Phase] {
                let all: [Phase] = [.pending, .running, .completed, .failed, .cancelled]
                return (0..<count).map { _ in all.randomElement(using: &generator) ?? .pending }
            }
            let (agents, relays) = (phases(generator.pick(0...4)), phases(generator.pick(0...3)))
            let haveEnded = !agents.isEmpty && agents.allSatisfy { [.completed, .failed, .cancelled].contains($0) }
            switch DistributionOutcome.of(agents: agents, relays: relays) {
            case .completed: try hold(haveEnded && !agents.contains(.failed), "completed too soon, or with failures")
            case .targetsFailed(let count):
                try hold(haveEnded && agents.count { $0 == .failed } == count && count > 0, "failures miscounted")
            case .relaysFailed:
                let haveFailed = !relays.isEmpty && relays.allSatisfy { $0 == .failed }
                try hold(!haveEnded && haveFailed, "given up while a relay is left")
            case .pending: try hold((agents + relays).allSatisfy { $0 == .pending }, "pending though something moves")
            case .running:
                try hold(
                    !haveEnded && (agents + relays).contains { $0 != .pending },
                    "running before or after its time"
                )
            }
        }
    }

    /// What has been seen of a network, and what it is to be called then.
    private struct Seen {
        var unanswered, lastAnswer, lastHandshake: BootTime?
        var (connections, cuts, telling) = (0, 0, 0)
        var isReachable: Bool?

        mutating func stands(at now: BootTime) {
            guard connections > 0, let lastHandshake else { return }
            if now - lastHandshake >= .seconds(1) { unanswered = nil }
            if now - lastHandshake >= .seconds(5) { cuts = 0 }
        }

        func network(at now: BootTime) -> NetworkClass {
            let isUnanswered = unanswered.map { since in
                now - since >= NetworkProbe.patience
                    && (lastHandshake == nil || lastAnswer.map { $0 >= since } ?? false)
            }
            let isCut = lastAnswer != nil && (cuts >= 3 || connections == 0 && isUnanswered ?? false)
            if isCut { return .bitTorrentBlocked }
            guard lastHandshake != nil else { return .unknown }
            return telling >= 2 ? .bitTorrentThrottled : isReachable.map { $0 ? .open : .inboundBlocked } ?? .unknown
        }
    }

    @Test(arguments: Seeds.blocks)
    func `a network is called what was seen of it, and finding out costs four samples at most`(block: Range<UInt64>) {
        Seeds.each(in: block) { _, generator in
            var probe = NetworkProbe()
            var now = BootTime.zero
            var seen = Seen()
            var (dialBacks, samples) = (0, 0)
            var (owingSince, lastSample, rate): (BootTime?, BootTime?, BytesPerSecond) = (nil, nil, .zero)
            for _ in 0..<60 {
                now = now + .milliseconds(generator.pick(0...500))
                switch generator.pick(0...13) {
                case 0:
                    probe.dialled(at: now)
                    seen.unanswered = seen.unanswered ?? now
                case 1 where generator.chance(3):
                    probe.handshakeCompleted(at: now)
                    (seen.lastHandshake, seen.connections) = (now, seen.connections + 1)
                case 2:
                    probe.httpAnswered(at: now)
                    seen.lastAnswer = now
                case 12 where seen.connections > 0:
                    let lived = Duration.milliseconds(generator.pick(0...6_000))
                    let wasCut = !generator.chance(4)
                    probe.connectionEnded(after: lived, wasCut: wasCut)
                    seen.connections -= 1
                    if lived >= .seconds(1) { seen.unanswered = nil }
                    seen.cuts = wasCut && lived < .seconds(5) ? seen.cuts + 1 : 0
                case 3 where dialBacks > 0:
                    let answer = generator.chance(2)
                    probe.dialBackAnswered(isReachable: answer)
                    seen.isReachable = answer
                case 4 where samples > 0, 5 where samples > 0:
                    let sample = BytesPerSecond(generator.pick(0...8_000))
                    probe.sampled(sample)
                    seen.telling = sample.rawValue > rate.rawValue * 4 ? seen.telling + 1 : 0
                default:
                    rate = BytesPerSecond(generator.pick(0...2_000))
                    let owe = !generator.chance(6)
                    owingSince = owe ? owingSince ?? now : nil
                    seen.stands(at: now)
                    switch probe.tick(peerRate: rate, peersOwe: owe, suspicious: BytesPerSecond(1_000), at: now) {
                    case .dialBack:
                        dialBacks += 1
                        try hold(seen.lastAnswer != nil && dialBacks == 1, "dials back twice, or before HTTP answers")
                    case .sampleHTTP:
                        samples += 1
                        try hold(seen.lastAnswer != nil && samples <= 4, "too many samples")
                        try hold(owingSince.map { now - $0 >= .milliseconds(1_500) } ?? false, "peers had no time")
                        try hold(rate < BytesPerSecond(1_000), "a sample beside fast peers")
                        try hold(lastSample.map { now - $0 >= .milliseconds(1_500) } ?? true, "samples too close")
                        lastSample = now
                    case .none: break
                    }
                }
                let expected = seen.network(at: now)
                try hold(probe.found(at: now) == expected, "a \(expected) network is called \(probe.found(at: now))")
            }
        }
    }
}
