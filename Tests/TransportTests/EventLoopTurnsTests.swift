import Dispatch
import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import Transport

@Suite(.timeLimit(.minutes(1))) struct EventLoopTurnsTests {
    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private(set) var hasRead = false
        func channelRead(context: ChannelHandlerContext, data: NIOAny) { hasRead = true }
    }

    /// A pipe of which one end is a channel; `body` gets its reader and writes to the other end, on the loop.
    private func withPipe(_ body: @escaping @Sendable (Reader, CInt, any EventLoop) -> EventLoopFuture<Void>)
        async throws
    {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        var ends: [CInt] = [0, 0]
        try #require(unsafe pipe(&ends) == 0)
        let (reading, writing) = (ends[0], ends[1])
        let channel = try await NIOPipeBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Reader()) }
            }
            .takingOwnershipOfDescriptor(input: reading).get()
        try await loop.flatSubmit {
            do {
                return body(try channel.pipeline.syncOperations.handler(type: Reader.self), writing, loop)
            } catch {
                return loop.makeFailedFuture(error)
            }
        }.get()
        try await channel.close()
        close(writing)
        try await group.shutdownGracefully()
    }

    @Test func `between two turns a loop looks at its sockets, between two tasks it does not`() async throws {
        try await withPipe { reader, writing, loop in
            let done = loop.makePromise(of: Void.self)
            #expect(unsafe write(writing, "a", 1) == 1)
            let bound = NIOLoopBound(reader, eventLoop: loop)
            loop.execute {
                loop.execute {
                    #expect(!bound.value.hasRead)
                    EventLoopTurns.next(on: loop) {
                        EventLoopTurns.next(on: loop) {
                            #expect(bound.value.hasRead)
                            done.succeed()
                        }
                    }
                }
            }
            return done.futureResult
        }
    }

    @Test func `what is put off in one turn runs in order, once`() async throws {
        try await withPipe { _, _, loop in
            let done = loop.makePromise(of: Void.self)
            let order = NIOLoopBoundBox([Int](), eventLoop: loop)
            for number in 0..<100 {
                EventLoopTurns.next(on: loop) {
                    order.value.append(number)
                    if number == 50 { EventLoopTurns.next(on: loop) { order.value.append(1000) } }
                    if number == 99 {
                        EventLoopTurns.next(on: loop) {
                            #expect(order.value == Array(0..<100) + [1000])
                            done.succeed()
                        }
                    }
                }
            }
            return done.futureResult
        }
    }

    @Test(arguments: [false, true]) func `what waits when the loop ends still runs`(hadTurns: Bool) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        if hadTurns {
            let first = loop.makePromise(of: Void.self)
            loop.execute { EventLoopTurns.next(on: loop) { first.succeed() } }
            try await first.futureResult.get()
        }
        let (ran, continuation) = AsyncStream.makeStream(of: Void.self)
        loop.execute {
            EventLoopTurns.next(on: loop) { continuation.finish() }
            group.shutdownGracefully(queue: .global()) { _ in }
        }
        for await _ in ran {}
    }
}
