import Download
import Manifest
import Testing
import Units

@Suite struct PullConnectionsTests {
    private static let step = Duration.milliseconds(10)

    /// Lets an origin send for a while: `rate` tells for a number of connections what they bring together each second.
    private func run(
        _ pull: inout PullConnections,
        from start: BootTime,
        for time: Duration,
        rate: (Int) -> Int
    ) -> BootTime {
        var now = start
        while now - start < time {
            now = now + Self.step
            let share = rate(pull.allowed) / pull.allowed / 100
            for connection in 0..<pull.allowed { pull.received(share, over: connection, at: now) }
        }
        return now
    }

    private func started(answerAfter delay: Duration = .milliseconds(1)) -> (PullConnections, BootTime) {
        var pull = PullConnections(maximum: 4)
        let now = BootTime.zero + .seconds(1)
        pull.asked(at: now)
        pull.received(1000, over: 0, at: now + delay)
        return (pull, now + delay)
    }

    @Test func `connections that share a full link are given up, ever more rarely tried again`() {
        var (pull, now) = started()
        var trials = 0
        var before = pull.allowed
        let start = now
        while now - start < .seconds(60) {
            now = run(&pull, from: now, for: Self.step) { _ in 12_500_000 }
            if pull.allowed > before { trials += 1 }
            before = pull.allowed
            #expect(pull.allowed <= 2)
        }
        #expect(pull.allowed == 1)
        #expect((4...6).contains(trials))
    }

    @Test func `where each connection is held to a rate, all are used within seconds`() {
        var (pull, now) = started()
        now = run(&pull, from: now, for: .seconds(4)) { 1_000_000 * $0 }
        #expect(pull.allowed == 4)
    }

    @Test func `a far origin gets all connections at once`() {
        let (pull, _) = started(answerAfter: .milliseconds(21))
        #expect(pull.allowed == 4)
        var silent = PullConnections(maximum: 4)
        silent.asked(at: .zero)
        silent.tick(at: .zero + .milliseconds(100))
        #expect(silent.allowed == 4)
    }

    @Test func `a connection that stands still soon gets help, also after trials that gained nothing`() {
        var (pull, now) = started()
        now = run(&pull, from: now, for: .seconds(30)) { _ in 12_500_000 }
        #expect(pull.allowed == 1)
        pull.tick(at: now + .milliseconds(600))
        pull.tick(at: now + .milliseconds(1200))
        #expect(pull.allowed == 2)
    }

    @Test func `a trial ends where there is nothing to pull, and a pause says nothing of the rate`() {
        var (pull, now) = started()
        now = run(&pull, from: now, for: .milliseconds(520)) { _ in 1_000_000 }
        #expect(pull.allowed == 2)
        pull.ranDry(at: now)
        #expect(pull.allowed == 1)
        now = now + .seconds(10)
        pull.asked(at: now)
        pull.received(1, over: 0, at: now + .milliseconds(500))
        #expect(pull.allowed == 1)
    }

    @Test func `requests take about half a second, and never hold more pieces than control counts on`() {
        var (pull, now) = started()
        #expect(pull.run(pieceLength: 131_072) == PullConnections.shortestRun)
        now = run(&pull, from: now, for: .milliseconds(1_100)) { _ in 5_000_000 }
        #expect(pull.allowed == 1)
        #expect(pull.run(pieceLength: 131_072) == 19)
        #expect(pull.run(pieceLength: 65_536) == PullStripes.piecesUnderWay)
        #expect(pull.run(pieceLength: 1 << 20) == PullConnections.shortestRun)
    }
}
