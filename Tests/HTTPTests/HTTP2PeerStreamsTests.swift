import Testing

@testable import HTTP

struct HTTP2PeerStreamsTests {
    @Test func `new streams and trailers are taken`() {
        var streams = HTTP2PeerStreams()
        for stream: Int32 in [1, 1, 3, 9, 3, 9] { streams.headersBegan(stream) }
        #expect(streams.violation == nil)
    }

    @Test(arguments: [1, 5, 7] as [Int32]) func `a head on a closed stream, or one passed over, is an error`(
        stream: Int32
    ) {
        var streams = HTTP2PeerStreams()
        for stream: Int32 in [1, 7, 9] { streams.headersBegan(stream) }
        streams.closed(1)
        streams.closed(7)
        streams.headersBegan(stream)
        #expect(streams.violation?.code == .streamClosed)
    }

    @Test func `trailers of a stream that we reset are noise`() {
        var streams = HTTP2PeerStreams()
        for number in Int32(0)..<1000 {
            streams.headersBegan(1 + 2 * number)
            streams.resetHere(1 + 2 * number)
            streams.headersBegan(1 + 2 * number)
        }
        #expect(streams.violation == nil)
        streams.headersBegan(1)
        #expect(streams.violation?.code == .streamClosed)
    }

    @Test func `PRIORITY on stream 0 is an error`() {
        var streams = HTTP2PeerStreams()
        streams.priorityOnConnection()
        #expect(streams.violation?.code == .protocolError)
    }
}
