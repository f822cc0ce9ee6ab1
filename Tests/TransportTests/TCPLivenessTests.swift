import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import Transport

/// What the kernel says of our sockets.
@Suite(.timeLimit(.minutes(1))) struct TCPLivenessTests {
    private static let names: [(level: NIOBSDSocket.OptionLevel, name: CInt)] = [
        (.socket, SO_KEEPALIVE), (.tcp, TCP_KEEPIDLE), (.tcp, TCP_KEEPINTVL), (.tcp, TCP_KEEPCNT),
        (.tcp, TCP_USER_TIMEOUT),
    ]

    private static func options(of channel: any Channel) async throws -> [Int] {
        var values: [Int] = []
        for (level, name) in names {
            let option = ChannelOptions.Types.SocketOption(level: level, name: NIOBSDSocket.Option(rawValue: name))
            values.append(Int(try await channel.getOption(option).get()))
        }
        return values
    }

    @Test func `connections of both ends find out a peer that is gone`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let (accepted, continuation) = AsyncStream.makeStream(of: (any Channel).self)
        var configuration = ListenerConfiguration(host: "127.0.0.1", port: 0)
        configuration.liveness = TCPLiveness(stall: .seconds(120))
        let handlers = ListenerHandlers(bitTorrent: { channel in
            continuation.yield(channel)
            return channel.eventLoop.makeSucceededVoidFuture()
        })
        let listener = try await Listener.bind(configuration, group: group, handlers: handlers)
        let port = try #require(listener.localAddress.port)
        let usual = try await Dialer.connect(host: "127.0.0.1", port: port, group: group) { _ in }
        let prompt = try await Dialer.connect(host: "127.0.0.1", port: port, group: group, liveness: .prompt) { _ in }
        #expect(try await Self.options(of: usual.channel) == [1, 60, 10, 3, 90_000])
        #expect(try await Self.options(of: prompt.channel) == [1, 20, 5, 3, 30_000])
        try await usual.channel.writeAndFlush(ByteBuffer(string: "\u{13}BitTorrent protocol"))
        var channels = accepted.makeAsyncIterator()
        let child = try #require(await channels.next())
        #expect(try await Self.options(of: child) == [1, 60, 10, 3, 150_000])
        await listener.close()
        try await group.shutdownGracefully()
    }

    @Test func `whoever bears with a slow reader is not cut short by the kernel`() {
        #expect(TCPLiveness(stall: .seconds(1)).acknowledgement == .seconds(90))
        #expect(TCPLiveness(stall: .seconds(3600)).acknowledgement == .seconds(3630))
    }
}
