import NIOCore
import Testing

@testable import HTTP

struct HTTP2GuardTests {
    private let limits = HTTP2FloodLimits()
    private func time(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(1000 + seconds) }

    private func fresh(isServer: Bool = true) -> HTTP2Guard {
        var flood = HTTP2Guard(isServer: isServer, limits: limits, maximumConcurrentStreams: 10)
        flood.readBegan(at: time(0))
        return flood
    }

    @Test func `a second empty frame in a row is too many`() {
        var flood = fresh()
        flood.dataArrived(payload: 0, endStream: false)
        flood.dataArrived(payload: 1, endStream: false)
        flood.dataArrived(payload: 0, endStream: false)
        flood.dataArrived(payload: 0, endStream: true)
        #expect(flood.violation == nil)
        flood.dataArrived(payload: 0, endStream: false)
        flood.dataArrived(payload: 0, endStream: false)
        #expect(flood.violation == "too many empty DATA frames")
    }

    @Test func `clean streams give back what resets cost`() {
        var flood = fresh()
        for _ in 0..<1000 {
            flood.resetSeen()
            flood.streamClosed(.noError)
        }
        for _ in 0..<limits.resets { flood.resetSeen() }
        #expect(flood.violation == nil)
        flood.streamClosed(.cancel)
        flood.resetSeen()
        #expect(flood.violation == "too many resets")
    }

    @Test func `time gives back what resets cost`() {
        var flood = fresh()
        for second in 0..<Int64(600) {
            flood.readBegan(at: time(second))
            for _ in 0..<limits.resetsPerSecond { flood.resetSeen() }
        }
        #expect(flood.violation == nil)
        for _ in 0...limits.resets { flood.resetSeen() }
        #expect(flood.violation == "too many resets")
    }

    @Test func `refused streams are counted apart`() {
        var flood = fresh()
        for _ in 0..<limits.refusedStreams { flood.streamRefused() }
        #expect(flood.violation == nil)
        flood.streamRefused()
        #expect(flood.violation == "too many refused streams")
    }

    @Test func `time gives refused streams back`() {
        var flood = fresh()
        for second in 0..<Int64(600) {
            flood.readBegan(at: time(second))
            for _ in 0..<limits.resetsPerSecond { flood.streamRefused() }
        }
        #expect(flood.violation == nil)
        for _ in 0...limits.refusedStreams { flood.streamRefused() }
        #expect(flood.violation == "too many refused streams")
    }

    @Test func `one read opens no more than twice the streams that may be open`() {
        var flood = fresh()
        for _ in 0..<20 { flood.streamOpened() }
        flood.readBegan(at: time(0))
        for _ in 0..<20 { flood.streamOpened() }
        #expect(flood.violation == nil)
        flood.streamOpened()
        #expect(flood.violation == "too many streams at once")
    }

    @Test func `priorities are counted against streams`() {
        var flood = fresh()
        flood.streamOpened()
        for _ in 0..<200 { flood.priorityArrived() }
        #expect(flood.violation == nil)
        flood.priorityArrived()
        #expect(flood.violation == "too many PRIORITY frames")
    }

    @Test func `window updates are counted against what was sent`() {
        var flood = fresh()
        flood.streamOpened()
        flood.dataFrameSent(1)
        for _ in 0..<(1000 + 22) { flood.windowUpdateArrived() }
        #expect(flood.violation == nil)
        flood.windowUpdateArrived()
        #expect(flood.violation == "too many WINDOW_UPDATE frames")
    }

    @Test func `control frames start anew with other traffic and with time`() {
        var flood = fresh()
        for _ in 0..<limits.controlFrames { flood.controlArrived() }
        flood.headersArrived(length: 10)
        for _ in 0..<limits.controlFrames { flood.controlArrived() }
        flood.readBegan(at: time(1))
        for _ in 0..<limits.controlFramesPerSecond { flood.controlArrived() }
        #expect(flood.violation == nil)
        flood.controlArrived()
        #expect(flood.violation == "too many control frames")
    }

    @Test func `padding alone ends the connection in time`() {
        var flood = fresh()
        var frames = 0
        while flood.violation == nil, frames < 1_000_000 {
            flood.readBegan(at: time(0))
            flood.dataArrived(payload: 1, endStream: false)
            flood.parsed(267)
            frames += 1
        }
        #expect(flood.violation == "too many bytes without payload")
    }

    @Test func `a download is payload too`() {
        var flood = fresh()
        for _ in 0..<100_000 {
            flood.dataFrameSent(16_384)
            flood.readBegan(at: time(0))
            flood.windowUpdateArrived()
            flood.windowUpdateArrived()
            flood.parsed(26)
        }
        #expect(flood.violation == nil)
    }

    @Test func `the fourth ping in a row is too many`() {
        var flood = fresh()
        for _ in 0..<3 { flood.pingArrived() }
        #expect(flood.violation == nil)
        flood.pingArrived()
        #expect(flood.violation == "too_many_pings")
    }

    @Test func `pings five minutes apart, or beside traffic, are no strikes`() {
        var flood = fresh()
        for number in 0..<Int64(100) {
            flood.readBegan(at: time(number * 300))
            flood.pingArrived()
        }
        for _ in 0..<100 {
            flood.pingArrived()
            flood.dataFrameSent(1)
            flood.pingArrived()
            flood.headersSent()
        }
        #expect(flood.violation == nil)
    }

    @Test func `what a server does is not held against it where a client would be`() {
        var flood = fresh(isServer: false)
        for _ in 0..<10_000 {
            flood.dataArrived(payload: 0, endStream: false)
            flood.resetSeen()
            flood.readBegan(at: time(0))
            flood.parsed(10_000)
        }
        #expect(flood.violation == nil)
        flood.headOverflowed()
        #expect(flood.violation == "too many header fields")
    }
}
