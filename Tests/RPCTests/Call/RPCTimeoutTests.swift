import Testing

@testable import RPC

struct RPCTimeoutTests {
    @Test(arguments: [
        ("1H", Duration.seconds(3600)), ("2M", .seconds(120)), ("3S", .seconds(3)), ("4m", .milliseconds(4)),
        ("5u", .microseconds(5)), ("6n", .nanoseconds(6)), ("0S", .zero), ("99999999H", .seconds(359_999_996_400)),
    ])
    func `a timeout is digits and a unit`(text: String, duration: Duration) {
        #expect(RPCTimeout.parse(text) == duration)
    }

    @Test(arguments: ["", "S", "1", "1s", "-1S", "+1S", "1.5S", "123456789S", " 1S", "1 S", "١S"])
    func `what breaks the form is refused`(text: String) {
        #expect(RPCTimeout.parse(text) == nil)
    }

    @Test(arguments: [
        (Duration.zero, "1n"), (.seconds(-1), "1n"), (.nanoseconds(99_999_999), "99999999n"),
        (.milliseconds(100), "100000u"), (.seconds(1), "1000000u"), (.seconds(100), "100000m"),
        (.nanoseconds(100_000_001), "100001u"), (.seconds(200_000), "200000S"), (.seconds(Int64.max), "2562048H"),
    ])
    func `the finest unit that fits is written, rounded up`(duration: Duration, text: String) {
        #expect(RPCTimeout.format(duration) == text)
    }
}
