import NIOCore
import Testing
import Transport
import Units

@Suite struct HalfOpenCountsTests {
    @Test(arguments: 0..<200 as Range<UInt64>)
    func `no address has more half-open connections than it may, and every one that is done makes room`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let most = Int.random(in: 1...5, using: &generator)
        var counts = HalfOpenCounts(maximumPerAddress: most)
        var open: [[UInt8]: Int] = [:]
        var refused: UInt64 = 0
        for _ in 0..<500 {
            let key = [UInt8.random(in: 0...3, using: &generator)]
            if Bool.random(using: &generator) {
                let isAdmitted = counts.connectionCame(key)
                #expect(isAdmitted == (open[key, default: 0] < most))
                if isAdmitted { open[key, default: 0] += 1 } else { refused += 1 }
            } else if let count = open[key], count > 0 {
                counts.connectionDone(key)
                open[key] = count - 1
            }
            #expect(counts.count == open.values.reduce(0, +) && counts.refused == refused)
        }
    }

    @Test func `an IPv6 network counts as one, and IPv4 in an IPv6 socket as IPv4`() throws {
        func key(_ text: String) throws -> [UInt8] {
            HalfOpenCounts.key(of: try #require(try SocketAddress(ipAddress: text, port: 1).addressBytes))
        }
        #expect(try key("2001:db8::1") == key("2001:db8::2:3"))
        #expect(try key("2001:db8:0:1::1") != key("2001:db8::1"))
        #expect(try key("::ffff:10.0.0.1") == key("10.0.0.1"))
        #expect(try key("10.0.0.2") != key("10.0.0.1"))
    }
}
