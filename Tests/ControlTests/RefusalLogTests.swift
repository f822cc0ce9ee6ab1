import Testing
import Units

@testable import Control

@Suite struct RefusalLogTests {
    @Test func `a peer is told of once in a while, with how often it was`() {
        let log = RefusalLog()
        let start = BootTime(nanoseconds: 1_000_000_000)
        #expect(log.refused("a", at: start) == 1)
        for _ in 0..<50 { #expect(log.refused("a", at: start + .seconds(1)) == nil) }
        #expect(log.refused("b", at: start + .seconds(1)) == 1)
        #expect(log.refused("a", at: start + RefusalLog.interval) == 51)
    }

    @Test func `very many peers count as one`() {
        let log = RefusalLog()
        let start = BootTime(nanoseconds: 1_000_000_000)
        let lines = (0..<10 * RefusalLog.maximumPeers).compactMap { log.refused("peer \($0)", at: start) }
        #expect(lines.count == RefusalLog.maximumPeers + 1)
    }
}
