import NIOCore
import NIOPosix
import Testing
import Transport

@testable import HTTP

/// The end of a connection whose client has not taken everything yet.
@Suite(.timeLimit(.minutes(1))) struct ConnectionEndTests {
    /// The preface with the largest window, a request for /large, and GOAWAY: the connection ends behind the answer.
    private var lastRequest: ByteBuffer {
        var sent = ByteBuffer(string: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        sent.writeBytes(RawClient.frame(4, 0, 0, [0, 4, 0x7F, 0xFF, 0xFF, 0xFF]))
        sent.writeBytes(RawClient.frame(8, 0, 0, [0x7F, 0, 0, 0]))
        sent.writeBytes(RawClient.frame(1, 5, 1, [0x82, 0x86, 0x01, 1, 0x61, 0x04, 6] + Array("/large".utf8)))
        sent.writeBytes(RawClient.frame(7, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]))
        return sent
    }

    /// Asks for all and reads nothing; the server has nothing left to say, and its channel much to send.
    private func unread(
        limits: HTTPLimits,
        _ body: (_ channel: any Channel, _ arrived: AsyncStream<ByteBuffer>, _ closed: AsyncStream<Void>) async throws
            ->
            Void
    ) async throws {
        var limits = limits
        limits.writeHighWater = 2 * EchoHandler.largeAnswer
        var buffers = SocketBuffers()
        buffers.writeHigh = 2 * EchoHandler.largeAnswer
        let (closed, closing) = AsyncStream.makeStream(of: Void.self)
        try await withEchoServer(limits: limits, buffers: buffers, closed: { closing.yield() }) { port, group, events in
            let (channel, stream) = try await RawClient.connect(port: port, group: group, reads: false)
            try await channel.writeAndFlush(lastRequest)
            var events = events.makeAsyncIterator()
            #expect(await events.next() == .answered)
            try await body(channel, stream, closed)
        }
    }

    @Test func `the last answer arrives whole, whenever its client reads`() async throws {
        try await unread(limits: HTTPLimits()) { channel, arrived, _ in
            // More bytes of ours, which the server has no use for, must not cost what it has sent.
            try await channel.writeAndFlush(ByteBuffer(bytes: RawClient.frame(6, 0, 0, Array(repeating: 0, count: 8))))
            try await channel.setOption(.autoRead, value: true).get()
            var held = ByteBuffer()
            var payload = 0
            for await bytes in arrived {
                held.writeImmutableBuffer(bytes)
                while let length = held.getInteger(at: held.readerIndex, as: UInt32.self).map({ Int($0 >> 8) }),
                    let kind = held.getInteger(at: held.readerIndex + 3, as: UInt8.self),
                    held.readableBytes >= 9 + length
                {
                    if kind == 0 { payload += length }
                    held.moveReaderIndex(forwardBy: 9 + length)
                    held.discardReadBytes()
                }
            }
            #expect(payload == EchoHandler.largeAnswer)
        }
    }

    @Test func `a client that takes none of the last answer is not waited for for ever`() async throws {
        var limits = HTTPLimits()
        limits.stallDeadline = .milliseconds(300)
        try await unread(limits: limits) { channel, _, closed in
            var closed = closed.makeAsyncIterator()
            await closed.next()
            #expect(channel.isActive)
        }
    }
}
