import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Transport

@Suite(.timeLimit(.minutes(1))) struct ListenerTests {
    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let bytes: AsyncStream<ByteBuffer>.Continuation
        init(_ bytes: AsyncStream<ByteBuffer>.Continuation) { self.bytes = bytes }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) { bytes.yield(unwrapInboundIn(data)) }
        func channelInactive(context: ChannelHandlerContext) { bytes.finish() }
    }

    @Test func `new connections are let in at the rate that was asked for`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let (accepted, continuation) = AsyncStream.makeStream(of: Void.self)
        var configuration = ListenerConfiguration(host: "127.0.0.1", port: 0)
        configuration.admissionsPerSecond = 20
        let handlers = ListenerHandlers(bitTorrent: { channel in
            continuation.yield()
            return channel.eventLoop.makeSucceededVoidFuture()
        })
        let listener = try await Listener.bind(configuration, group: group, handlers: handlers)
        let port = try #require(listener.localAddress.port)
        let begin = ContinuousClock.now
        for _ in 0..<30 {
            let channel = try await dial(port, group)
            channel.writeAndFlush(ByteBuffer(string: "\u{13}BitTorrent protocol"), promise: nil)
        }
        var arrivals = accepted.makeAsyncIterator()
        for _ in 0..<30 { await arrivals.next() }
        // A tenth of a second's worth comes at once, and a few with one round of accepts.
        #expect(ContinuousClock.now - begin > .milliseconds(1100))
        await listener.close()
        try await group.shutdownGracefully()
    }

    @Test func `bytes behind the detection reach the handler and other protocols are refused`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let (stream, received) = AsyncStream.makeStream(of: ByteBuffer.self)
        let handlers = ListenerHandlers(bitTorrent: { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(Collector(received))
            }
        })
        let configuration = ListenerConfiguration(host: "127.0.0.1", port: 0)
        let listener = try await Listener.bind(configuration, group: group, handlers: handlers)
        let port = try #require(listener.localAddress.port)
        for refused in ["GET / HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\n", "\u{16}\u{3}\u{1}", "nothing"] {
            let channel = try await dial(port, group)
            channel.writeAndFlush(ByteBuffer(string: refused), promise: nil)
            try await channel.closeFuture.get()
        }
        let sent = ByteBuffer(string: "\u{13}BitTorrent protocol and more")
        let channel = try await dial(port, group)
        for byte in sent.readableBytesView { try await channel.writeAndFlush(ByteBuffer(bytes: [byte])) }
        try await channel.close()
        var arrived = ByteBuffer()
        for await bytes in stream { arrived.writeImmutableBuffer(bytes) }
        #expect(arrived == sent)
        await listener.close()
        await #expect(throws: TransportError.self) { _ = try await dial(port, group) }
        try await group.shutdownGracefully()
    }

    @Test
    func `one address has a bounded number of connections that say nothing; what has shown itself does not count`()
        async throws
    {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let (stream, received) = AsyncStream.makeStream(of: ByteBuffer.self)
        let handlers = ListenerHandlers(bitTorrent: { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(Collector(received))
            }
        })
        var configuration = ListenerConfiguration(host: "127.0.0.1", port: 0)
        configuration.handshakes.halfOpenPerAddress = 2
        let told = Mutex<[String]>([])
        configuration.whenRefused = { sentence in told.withLock { $0.append(sentence) } }
        let listener = try await Listener.bind(configuration, group: group, handlers: handlers)
        let port = try #require(listener.localAddress.port)
        let handshake = ByteBuffer(string: "\u{13}BitTorrent protocol")
        var events = stream.makeAsyncIterator()
        for _ in 0..<5 {
            let channel = try await dial(port, group)
            try await channel.writeAndFlush(handshake)
            #expect(await events.next() == handshake)
        }
        #expect(listener.refusedConnections == 0)
        let silent = [try await dial(port, group), try await dial(port, group)]
        for _ in 0..<3 { try await dial(port, group).closeFuture.get() }
        #expect(listener.refusedConnections == 3)
        #expect(told.withLock { $0 }.map { $0.hasPrefix("127.0.0.1 has too many") } == [true, true])
        try await silent[0].writeAndFlush(handshake)
        #expect(await events.next() == handshake)
        let next = try await dial(port, group)
        try await next.writeAndFlush(handshake)
        #expect(await events.next() == handshake)
        await listener.close()
        try await group.shutdownGracefully()
    }

    private func dial(_ port: Int, _ group: any EventLoopGroup) async throws -> any Channel {
        try await Dialer.connect(host: "127.0.0.1", port: port, group: group) { _ in }.channel
    }
}
