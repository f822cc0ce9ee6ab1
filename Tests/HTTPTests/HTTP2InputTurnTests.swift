import NIOCore
import NIOEmbedded
import Testing

@testable import HTTP

struct HTTP2InputTurnTests {
    private static let head: UInt8 = 1
    private static let ping: UInt8 = 6
    /// `:method: GET`, `:scheme: http`, `:path: /`, `:authority: a`, by HPACK's static table.
    private static let request: [UInt8] = [0x82, 0x86, 0x84, 0x01, 0x01, 0x61]

    private func turns(of bytes: [UInt8], preface: Int = 0) -> [Int] {
        var turn = HTTP2InputTurn(preface: preface)
        var (left, taken) = (bytes[...], [Int]())
        while !left.isEmpty {
            taken.append(turn.take(ByteBuffer(bytes: left)))
            left = left.dropFirst(taken[taken.count - 1])
        }
        return taken
    }

    @Test func `a turn has sixteen heads, or sixty-four other frames`() {
        let head = RawClient.frame(Self.head, 5, 1, Self.request)
        #expect(turns(of: Array(repeating: head, count: 33).flatMap { $0 }) == [16 * 15, 16 * 15, 15])
        let ping = RawClient.frame(Self.ping, 0, 0, Array(repeating: 0, count: 8))
        #expect(turns(of: Array(repeating: ping, count: 65).flatMap { $0 }) == [64 * 17, 17])
        #expect(turns(of: Array(repeating: 1, count: 24) + head, preface: 24) == [39])
    }

    @Test func `content is one turn, however much it is`() {
        let data = RawClient.frame(0, 0, 1, Array(repeating: 9, count: 16_384))
        let all = Array(repeating: data, count: 16).flatMap { $0 }
        #expect(turns(of: all) == [all.count])
    }

    @Test func `frames that are cut anywhere are counted once`() {
        let frames = (0..<200).map { number in
            RawClient.frame(
                number % 3 == 0 ? Self.head : Self.ping,
                0,
                1,
                Array(repeating: Self.head, count: number % 40)
            )
        }
        let all = frames.flatMap { $0 }
        let whole = turns(of: all)
        for size in 1...50 {
            // Reads of one size: whatever they hold, the turns together are no more than the read's and the frames' own.
            var turn = HTTP2InputTurn(preface: 0)
            var (at, count) = (0, 0)
            while at < all.count {
                let read = all[at..<min(at + size, all.count)]
                let taken = turn.take(ByteBuffer(bytes: read))
                #expect(taken > 0)
                at += taken
                count += 1
            }
            #expect(at == all.count)
            #expect(count <= whole.count + (all.count + size - 1) / size)
        }
    }

    /// Counts what asks the socket for more.
    private final class ReadCounter: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        private(set) var count = 0
        func read(context: ChannelHandlerContext) {
            count += 1
            context.read()
        }
    }

    @Test func `streams of one read begin in turns, and no more is read before the last`() throws {
        let channel = EmbeddedChannel()
        let reads = ReadCounter()
        var begun = 0
        let session = try HTTP2Session(isServer: true, limits: HTTPLimits())
        let handler = HTTP2Handler(session: session, loop: channel.eventLoop) { _, _, _, _ in
            begun += 1
            return nil
        }
        try channel.pipeline.syncOperations.addHandlers(reads, handler)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let before = reads.count

        var bytes = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + RawClient.frame(4, 0, 0)
        for stream in 0..<50 { bytes += RawClient.frame(Self.head, 5, UInt8(1 + 2 * stream), Self.request) }
        try channel.writeInbound(ByteBuffer(bytes: bytes))
        #expect(begun == 16)
        channel.pipeline.read()
        #expect(reads.count == before, "more is read while input waits")
        channel.embeddedEventLoop.run()
        #expect(begun == 50)
        #expect(reads.count == before + 1)
    }
}
