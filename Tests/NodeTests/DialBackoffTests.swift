import Testing
import Units

@testable import Node

@Suite struct DialBackoffTests {
    @Test func `each failure doubles the pause up to about a minute, a connection forgets it`() {
        var dials = DialBackoff(seed: 1)
        var now = BootTime.zero
        #expect(dials.mayDial("a", at: now))
        for pause in [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 60_000, 60_000] {
            dials.failed("a", at: now)
            #expect(!dials.mayDial("a", at: now + .milliseconds(pause * 8 / 10 - 1)))
            now = now + .milliseconds(pause * 12 / 10)
            #expect(dials.mayDial("a", at: now))
        }
        dials.failed("a", at: now)
        dials.connected("a")
        #expect(dials.mayDial("a", at: now))
    }

    @Test func `no more addresses are remembered than the limit`() {
        var dials = DialBackoff(seed: 1)
        // Two of the same failures do not come back at the same time.
        var other = DialBackoff(seed: 2)
        dials.failed("a", at: .zero)
        other.failed("a", at: .zero)
        let moments = (800...1_200).map { BootTime.zero + .microseconds($0 * 100) }
        #expect(moments.contains { dials.mayDial("a", at: $0) != other.mayDial("a", at: $0) })
        for number in 0..<3_000 { dials.failed("\(number)", at: .zero + .seconds(number)) }
        #expect(dials.mayDial("0", at: .zero))
        #expect(!dials.mayDial("2999", at: .zero + .seconds(2999)))
    }
}
