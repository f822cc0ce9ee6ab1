import Testing

@testable import RPC

struct ReconnectBackoffTests {
    @Test(arguments: 0..<20 as Range<UInt64>) func `waits grow by 1.6 up to 120 seconds, give or take a fifth`(
        seed: UInt64
    ) {
        var backoff = ReconnectBackoff(seed: seed)
        var base = 1.0
        for _ in 0..<20 {
            let wait = backoff.attemptFailed()
            #expect(wait >= .seconds(base * 0.8 - 1e-6) && wait <= .seconds(base * 1.2 + 1e-6))
            base = min(base * 1.6, 120)
        }
    }

    @Test func `a connection starts it over`() {
        var backoff = ReconnectBackoff(seed: 1)
        for _ in 0..<10 { _ = backoff.attemptFailed() }
        backoff.connected()
        #expect(backoff.attemptFailed() <= .milliseconds(1200))
    }

    @Test func `the server's word is the least wait, once`() {
        var backoff = ReconnectBackoff(seed: 1)
        backoff.delayTold(.seconds(30))
        #expect(backoff.attemptFailed() == .seconds(30))
        #expect(backoff.attemptFailed() < .seconds(2))
    }

    @Test func `different seeds spread a fleet`() {
        let waits = (UInt64(0)..<100).map { seed -> Duration in
            var backoff = ReconnectBackoff(seed: seed)
            return backoff.attemptFailed()
        }
        #expect(Set(waits).count == 100)
    }
}
