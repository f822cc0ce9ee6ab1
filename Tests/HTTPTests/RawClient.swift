import NIOCore
import NIOPosix

/// A client that sends any bytes and shows what comes back, without our own client between.
enum RawClient {
    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let bytes: AsyncStream<ByteBuffer>.Continuation
        init(_ bytes: AsyncStream<ByteBuffer>.Continuation) { self.bytes = bytes }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) { bytes.yield(unwrapInboundIn(data)) }
        func channelInactive(context: ChannelHandlerContext) { bytes.finish() }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    /// Connects. Without `reads` it has a small buffer and takes nothing until `autoRead` is set. What arrives ends with the
    /// connection.
    static func connect(
        port: Int,
        group: any EventLoopGroup,
        reads: Bool = true
    ) async throws -> (channel: any Channel, arrived: AsyncStream<ByteBuffer>) {
        let (arrived, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
        var bootstrap = ClientBootstrap(group: group).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(Collector(continuation))
            }
        }
        if !reads {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: 65_536)
                .channelOption(.autoRead, value: false)
        }
        return (try await bootstrap.connect(host: "127.0.0.1", port: port).get(), arrived)
    }

    /// A frame of HTTP/2 (RFC 9113 section 4.1).
    static func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8] = []) -> [UInt8] {
        let count = payload.count
        return [UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255), type, flags, 0, 0, 0, stream] + payload
    }
}
