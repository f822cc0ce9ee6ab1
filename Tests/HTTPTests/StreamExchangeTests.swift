import NIOCore
import Synchronization
import Testing

@testable import HTTP

/// One stream's exchange without a connection below it.
struct StreamExchangeTests {
    /// Notes what it is told.
    private final class Transport: StreamTransport {
        let consumed = Mutex(0)
        let resets = Mutex<[HTTP2ErrorCode]>([])

        func sendHead(_ head: HTTPResponseHead, endStream: Bool) {}
        func send(_ bytes: ByteBuffer) {}
        func finish(trailers: HTTPFields?) {}
        func reset(_ code: HTTP2ErrorCode) { resets.withLock { $0.append(code) } }
        func consumed(_ count: Int) { consumed.withLock { $0 += count } }
    }

    private let transport = Transport()
    private let bytes = ByteBuffer(repeating: 1, count: 1000)

    private func exchange() -> StreamExchange {
        StreamExchange(transport: transport, room: WriteRoom(perStream: 1 << 20))
    }

    private var consumed: Int { transport.consumed.withLock { $0 } }

    @Test func `each byte is given back once, read or not`() async throws {
        do {
            let exchange = exchange()
            for _ in 0..<3 { exchange.bodyArrived(bytes) }
            #expect(consumed == 0)
            _ = try await exchange.nextBody()
            #expect(consumed == 1000)
        }
        #expect(consumed == 3000)
    }

    @Test func `behind the answer, or a reset, nothing is kept`() async throws {
        let (answered, reset) = (exchange(), exchange())
        for exchange in [answered, reset] { exchange.bodyArrived(bytes) }
        answered.answered()
        reset.reset(.cancel)
        #expect(consumed == 2000)
        for exchange in [answered, reset] {
            exchange.bodyArrived(bytes)
            await #expect(throws: HTTPError.self) { _ = try await exchange.nextBody() }
        }
        #expect(consumed == 4000)
    }

    @Test func `what came before a response broke can be read`() async throws {
        let exchange = exchange()
        exchange.bodyArrived(bytes)
        exchange.lost(HTTPError(.reset, "broken", code: .cancel), isRequest: false)
        #expect(try await exchange.nextBody() == bytes)
        await #expect(throws: HTTPError.self) { _ = try await exchange.nextBody() }
    }

    @Test func `a response that ends without a head is no wait for ever`() async throws {
        let exchange = exchange()
        async let head = exchange.head()
        exchange.inboundEnded()
        do {
            _ = try await head
            Issue.record("a head out of nothing")
        } catch {
            #expect((error as? HTTPError)?.kind == .protocolViolation)
        }
        await #expect(throws: HTTPError.self) { _ = try await exchange.head() }
    }

    @Test func `silence is the peer's only while nothing waits to be read`() async throws {
        let exchange = exchange()
        let patience = HTTPPatience(head: .seconds(10), body: .seconds(60))
        let start = NIODeadline.now()
        let head = try #require(exchange.silenceEnd(patience))
        #expect(head < start + .seconds(20))
        exchange.headArrived(HTTPResponseHead(status: 200))
        let body = try #require(exchange.silenceEnd(patience))
        #expect(body >= start + .seconds(60))
        exchange.bodyArrived(bytes)
        let unread = NIODeadline.now()
        #expect(try #require(exchange.silenceEnd(patience)) >= unread + .seconds(60))
        exchange.inboundEnded()
        #expect(exchange.silenceEnd(patience) == nil)
    }
}
