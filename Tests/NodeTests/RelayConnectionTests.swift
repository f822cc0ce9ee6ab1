import BitTorrent
import HTTP
import Manifest
import NIOCore
import NIOPosix
import SluiceAPI
import Synchronization
import Testing
import Units

@testable import Node

/// An agent's connection to a relay that is well, and to one that stands still.
@Suite(.timeLimit(.minutes(1))) struct RelayConnectionTests {
    /// Answers every request with "yes".
    private struct Relay: HTTPRequestHandler {
        func handle(_ request: HTTPServerRequest) async {
            do {
                try await request.respond(HTTPResponseHead(status: 200))
                try await request.write(ByteBuffer(string: "yes\n"))
                try await request.finish(trailers: nil)
            } catch {
                request.reset(.internalError)
            }
        }
    }

    private final class Count: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func add() { count.withLock { $0 += 1 } }
    }

    /// A relay, or a socket that takes connections and never says a word; how many connections it took is in `count`.
    private func withRelay(
        isFrozen: Bool,
        _ body: (_ endpoint: Endpoint, _ count: Count) async throws -> Void
    ) async throws {
        let count = Count()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                count.add()
                return isFrozen
                    ? channel.eventLoop.makeSucceededVoidFuture()
                    : HTTPServer.installHTTP2(on: channel, handler: Relay())
            }
            .bind(host: "127.0.0.1", port: 0).get()
        var endpoint = Endpoint()
        endpoint.node = "relay-1"
        endpoint.address = "127.0.0.1:\(listener.localAddress?.port ?? 0)"
        try await body(endpoint, count)
        try await listener.close()
    }

    @Test func `those who ask at once share a connection`() async throws {
        try await withRelay(isFrozen: false) { endpoint, count in
            let relay = try #require(RelayConnection(to: endpoint, credentials: nil))
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for port in 1...20 { group.addTask { try await relay.dialsBack(to: port) } }
                for try await isReached in group { #expect(isReached) }
            }
            #expect(count.value == 1)
            await relay.close()
            await #expect(throws: HTTPError.self) { _ = try await relay.dialsBack(to: 1) }
            #expect(count.value == 1)
        }
    }

    @Test func `a relay that stands still fails what is asked of it`() async throws {
        try await withRelay(isFrozen: true) { endpoint, _ in
            let relay = try #require(RelayConnection(to: endpoint, credentials: nil, patience: .milliseconds(200)))
            let blob = try #require(BlobID(bytes: Array(repeating: 7, count: 32)))
            let fetched = await #expect(throws: HTTPError.self) {
                _ = try await relay.fetch(blob, ByteRange(start: 0, end: 10))
            }
            #expect(fetched?.kind == .timedOut)
            let asked = await #expect(throws: HTTPError.self) { _ = try await relay.dialsBack(to: 1) }
            #expect(asked?.kind == .timedOut)
            await relay.close()
        }
    }
}
