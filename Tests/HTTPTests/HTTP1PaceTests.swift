import NIOCore
import NIOPosix
import Testing

@testable import HTTP

/// Clients over HTTP/1.1 that are slow on purpose.
@Suite(.timeLimit(.minutes(1))) struct HTTP1PaceTests {
    @Test func `bytes give time, silence takes it, and a pause of ours does not count`() {
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var pace = HTTP1BodyPace(grace: .seconds(20), bytesPerSecond: 500, at: start)
        #expect(pace.deadline == start + .seconds(20))
        pace.bodyArrived(1000)
        #expect(pace.deadline == start + .seconds(22))
        pace.readingPaused(at: start + .seconds(5))
        pace.readingPaused(at: start + .seconds(6))
        #expect(pace.deadline == nil)
        pace.readingResumed(at: start + .seconds(65))
        pace.readingResumed(at: start + .seconds(80))
        #expect(pace.deadline == start + .seconds(82))
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let bytes: AsyncStream<ByteBuffer>.Continuation
        init(_ bytes: AsyncStream<ByteBuffer>.Continuation) { self.bytes = bytes }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) { bytes.yield(unwrapInboundIn(data)) }
        func channelInactive(context: ChannelHandlerContext) { bytes.finish() }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    /// What the server says to a client that sends `first`, waits for `mark`, and sends `drop` for ever, slowly.
    private func answer(to first: String, behind mark: String, dripping drop: String) async throws -> (String, Duration)
    {
        var limits = HTTPLimits()
        limits.headDeadline = .milliseconds(300)
        limits.bodyGrace = .milliseconds(300)
        var said = ""
        var begin = ContinuousClock.now
        try await withEchoServer(limits: limits) { port, group, _ in
            let (stream, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
            let channel = try await ClientBootstrap(group: group)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Collector(continuation))
                    }
                }
                .connect(host: "127.0.0.1", port: port).get()
            try await channel.writeAndFlush(ByteBuffer(string: first))
            var dripping: RepeatedTask?
            for await bytes in stream {
                said += String(buffer: bytes)
                guard dripping == nil, said.contains(mark) else { continue }
                begin = ContinuousClock.now
                dripping = channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(20)) { _ in
                    channel.writeAndFlush(ByteBuffer(string: drop), promise: nil)
                }
            }
            dripping?.cancel()
        }
        return (said, ContinuousClock.now - begin)
    }

    @Test func `a body that drips is cut off`() async throws {
        let head = "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 100000\r\n\r\n"
        let (_, took) = try await answer(to: head, behind: "100 Continue", dripping: "x")
        #expect(took < .seconds(5))
    }

    @Test func `a second head that drips is cut off, as the first one is`() async throws {
        let request = "GET / HTTP/1.1\r\nhost: a\r\n\r\n"
        let (said, took) = try await answer(to: request, behind: "reached\r\n\r\n", dripping: "\r\n")
        #expect(said.hasPrefix("HTTP/1.1 200"))
        #expect(took < .seconds(5))
    }
}
