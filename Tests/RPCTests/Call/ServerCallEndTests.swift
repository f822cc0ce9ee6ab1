import Logging
import NIOCore
import Synchronization
import Testing

@testable import HTTP
@testable import RPC

/// The end of a call while its handler writes: whatever comes first, the caller is told an end.
struct ServerCallEndTests {
    /// Notes what the call puts on its stream, in order.
    private final class Wire: StreamTransport {
        enum Step: Hashable { case head(isEnd: Bool), bytes, end, reset(HTTP2ErrorCode) }
        let steps = Mutex<[Step]>([])

        func sendHead(_ head: HTTPResponseHead, endStream: Bool) { note(.head(isEnd: endStream)) }
        func send(_ bytes: ByteBuffer) { note(.bytes) }
        func finish(trailers: HTTPFields?) { note(.end) }
        func reset(_ code: HTTP2ErrorCode) { note(.reset(code)) }
        func consumed(_ count: Int) {}
        private func note(_ step: Step) { steps.withLock { $0.append(step) } }
    }

    private func serve(_ timeout: Duration, room: Int = 1 << 20, _ handler: RPCHandler) async -> [Wire.Step] {
        let wire = Wire()
        let exchange = StreamExchange(transport: wire, room: WriteRoom(perStream: room))
        exchange.inboundEnded()
        let request = HTTPServerRequest(
            head: HTTPRequestHead(method: "POST", scheme: "http", authority: "a", path: handler.path),
            remoteAddress: nil,
            peer: nil,
            isHTTP2: true,
            isSecure: false,
            exchange: exchange
        )
        let head = RPCRequestHead(
            path: handler.path,
            metadata: RPCMetadata(),
            timeout: timeout,
            encoding: .identity,
            acceptsGzip: false
        )
        let call = ServerCall(
            wire: request,
            head: head,
            kind: handler.kind,
            limits: RPCLimits(),
            interceptor: nil,
            logger: Logger(label: "test")
        )
        await call.serve(handler)
        return wire.steps.withLock { $0 }
    }

    @Test func `a deadline that meets the first write never comes between it and its head`() async {
        // The handler wakes as the deadline does, and writes.
        let handler = RPCHandler.bidirectional(EchoService.chat) { _, writer, context in
            if let deadline = context.deadline { try? await Task.sleep(until: deadline, clock: .continuous) }
            try await writer.write("a")
        }
        await withTaskGroup(of: [Wire.Step].self) { group in
            for _ in 0..<4000 { group.addTask { await serve(.milliseconds(2), handler) } }
            for await steps in group {
                let isEnded = steps.contains { $0 == .end || $0 == .head(isEnd: true) || $0 == .reset(.cancel) }
                #expect(isEnded, "\(steps)")
                if let end = steps.firstIndex(of: .end) {
                    #expect(Array(steps[...end]) == [.head(isEnd: false), .bytes, .end], "\(steps)")
                }
            }
        }
    }

    @Test func `a handler that waits for flow control is broken off at the deadline`() async {
        let handler = RPCHandler.bidirectional(EchoService.chat) { _, writer, _ in
            try await writer.write(Text(String(repeating: "x", count: 1000)))
        }
        // Nothing ever leaves: the write waits for ever.
        #expect(await serve(.milliseconds(50), room: 1, handler) == [.head(isEnd: false), .bytes, .reset(.cancel)])
    }
}
