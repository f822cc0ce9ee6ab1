import Testing

@testable import RPC

struct RPCHealthTests {
    @Test func `the whole server serves from the start, a registered service too`() {
        let health = RPCHealth()
        health.register("a.B")
        #expect(health.status(of: "") == .serving)
        #expect(health.status(of: "a.B") == .serving)
        #expect(health.status(of: "a.C") == nil)
    }

    @Test func `a watcher sees the status now and each change`() async {
        let health = RPCHealth()
        var updates = health.updates(of: "a.B").makeAsyncIterator()
        #expect(await updates.next() == .serviceUnknown)
        health.setStatus(.serving, for: "a.B")
        #expect(await updates.next() == .serving)
        health.setStatus(.serving, for: "a.B")
        health.stopServing()
        #expect(await updates.next() == .notServing)
    }
}
