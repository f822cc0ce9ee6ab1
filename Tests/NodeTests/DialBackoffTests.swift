import Testing
import Units

@testable import Node

@Suite struct DialBackoffTests {
    @Test func `each failure doubles the pause up to a minute, a connection forgets it`() {
        var dials = DialBackoff()
        var now = BootTime.zero
        #expect(dials.mayDial("a", at: now))
        for pause in [1, 2, 4, 8, 16, 32, 60, 60] {
            dials.failed("a", at: now)
            #expect(!dials.mayDial("a", at: now + .milliseconds(pause * 1000 - 1)))
            now = now + .seconds(pause)
            #expect(dials.mayDial("a", at: now))
        }
        dials.failed("a", at: now)
        dials.connected("a")
        #expect(dials.mayDial("a", at: now))
    }

    @Test func `no more addresses are remembered than the limit`() {
        var dials = DialBackoff()
        for number in 0..<3_000 { dials.failed("\(number)", at: .zero + .seconds(number)) }
        #expect(dials.mayDial("0", at: .zero))
        #expect(!dials.mayDial("2999", at: .zero + .seconds(2999)))
    }
}
