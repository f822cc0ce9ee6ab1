import Testing

@testable import HTTP

struct HTTP2GuardTests {
    @Test func `a second empty frame in a row is too many`() {
        var flood = HTTP2Guard()
        flood.dataArrived(payload: 0, padded: 0, endStream: false)
        flood.dataArrived(payload: 1, padded: 1, endStream: false)
        flood.dataArrived(payload: 0, padded: 0, endStream: false)
        flood.dataArrived(payload: 0, padded: 0, endStream: true)
        #expect(flood.violation == nil)
        flood.dataArrived(payload: 0, padded: 0, endStream: false)
        flood.dataArrived(payload: 0, padded: 0, endStream: false)
        #expect(flood.violation == "too many empty DATA frames")
    }

    @Test func `clean streams give back what resets cost`() {
        var flood = HTTP2Guard()
        for _ in 0..<1000 {
            flood.resetSeen()
            flood.streamClosed(.noError)
        }
        for _ in 0..<HTTP2Guard.resetBudget { flood.resetSeen() }
        #expect(flood.violation == nil)
        flood.streamClosed(.cancel)
        flood.resetSeen()
        #expect(flood.violation == "too many resets")
    }

    @Test func `priorities are counted against streams`() {
        var flood = HTTP2Guard()
        flood.streamOpened()
        for _ in 0..<200 { flood.priorityArrived() }
        #expect(flood.violation == nil)
        flood.priorityArrived()
        #expect(flood.violation == "too many PRIORITY frames")
    }

    @Test func `window updates are counted against what was sent`() {
        var flood = HTTP2Guard()
        flood.streamOpened()
        flood.dataFrameSent()
        for _ in 0..<(1005 + 22) { flood.windowUpdateArrived() }
        #expect(flood.violation == nil)
        flood.windowUpdateArrived()
        #expect(flood.violation == "too many WINDOW_UPDATE frames")
    }

    @Test func `control frames start anew with other traffic`() {
        var flood = HTTP2Guard()
        for _ in 0..<HTTP2Guard.maximumControlFrames { flood.controlArrived() }
        flood.headersArrived(length: 10)
        for _ in 0..<HTTP2Guard.maximumControlFrames { flood.controlArrived() }
        #expect(flood.violation == nil)
        flood.controlArrived()
        #expect(flood.violation == "too many control frames")
    }

    @Test func `padding alone ends the connection in time`() {
        var flood = HTTP2Guard()
        var frames = 0
        while flood.violation == nil, frames < 1_000_000 {
            flood.dataArrived(payload: 1, padded: 257, endStream: false)
            frames += 1
        }
        #expect(flood.violation == "too many bytes without payload")
    }
}
