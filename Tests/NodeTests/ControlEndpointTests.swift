import HTTP
import NIOCore
import NIOPosix
import Testing

@testable import Node

/// What a node's connection to control offers, as control sees it.
@Suite(.timeLimit(.minutes(1))) struct ControlEndpointTests {
    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let bytes: AsyncStream<ByteBuffer>.Continuation
        init(_ bytes: AsyncStream<ByteBuffer>.Continuation) { self.bytes = bytes }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) { bytes.yield(unwrapInboundIn(data)) }
    }

    @Test func `windows of a control link are small`() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let (arrived, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
        let listener = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(continuation))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(listener.localAddress?.port)
        let link = try await ControlEndpoint(host: "127.0.0.1", port: port, credentials: nil).connect()
        var bytes = ByteBuffer()
        var windows: [UInt32] = []
        var isPrefaceRead = false
        for await part in arrived {
            bytes.writeImmutableBuffer(part)
            if !isPrefaceRead, bytes.readableBytes >= 24 {
                bytes.moveReaderIndex(forwardBy: 24)
                isPrefaceRead = true
            }
            // SETTINGS, and WINDOW_UPDATE for the connection.
            while isPrefaceRead,
                let length = bytes.getInteger(at: bytes.readerIndex, as: UInt32.self).map({ Int($0 >> 8) }),
                bytes.readableBytes >= 9 + length, var frame = bytes.readSlice(length: 9 + length)
            {
                let kind = try #require(frame.getInteger(at: frame.readerIndex + 3, as: UInt8.self))
                frame.moveReaderIndex(forwardBy: 9)
                while kind == 4, let (name, value) = frame.readMultipleIntegers(as: (UInt16, UInt32).self) {
                    if name == 4 { windows.append(value) }
                }
                if kind == 8, let increment = frame.readInteger(as: UInt32.self) { windows.append(65_535 + increment) }
            }
            if windows.count == 2 { break }
        }
        #expect(windows.allSatisfy { (64 << 10...256 << 10).contains($0) }, "\(windows)")
        await link.http.close()
        try await listener.close()
    }
}
