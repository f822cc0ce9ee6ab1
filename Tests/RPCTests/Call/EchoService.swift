import Synchronization

@testable import RPC

/// One method of each kind, and the ways a handler can end.
final class EchoService: RPCService {
    static let serviceName = "test.Echo"
    static let fileDescriptors: [[UInt8]] = []
    static let unary = RPCMethod<Text, Text>(service: serviceName, name: "Unary", kind: .unary)
    static let collect = RPCMethod<Text, Text>(service: serviceName, name: "Collect", kind: .clientStreaming)
    static let expand = RPCMethod<Text, Text>(service: serviceName, name: "Expand", kind: .serverStreaming)
    static let chat = RPCMethod<Text, Text>(service: serviceName, name: "Chat", kind: .bidirectional)
    static let missing = RPCMethod<Text, Text>(service: serviceName, name: "Missing", kind: .unary)
    /// A `google.rpc.Status` with two `Any`s: `google.protobuf.StringValue` "abc" and an empty `test.Nothing`.
    static let detailed: [UInt8] = {
        func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] { [number << 3 | 2, UInt8(bytes.count)] + bytes }
        let text =
            field(1, Array("type.googleapis.com/google.protobuf.StringValue".utf8))
            + field(2, field(1, Array("abc".utf8)))
        let nothing = field(1, Array("type.googleapis.com/test.Nothing".utf8))
        return [8, 5] + field(2, Array("no".utf8)) + field(3, text) + field(3, nothing)
    }()
    /// One element for each handler that its cancellation ended.
    let cancellations: AsyncStream<Void>
    private let cancelled: AsyncStream<Void>.Continuation
    /// Calls that said "down" so far.
    let downs = Mutex(0)

    init() {
        (cancellations, cancelled) = AsyncStream.makeStream()
    }

    var handlers: [RPCHandler] {
        [
            .unary(Self.unary) { request, context in
                try await self.answer(request, context)
            },
            .clientStreaming(Self.collect) { requests, _ in
                Text(try await requests.all().map(\.text).joined(separator: "+"))
            },
            .serverStreaming(Self.expand) { request, writer, context in
                context.setCompression(request.text.hasPrefix("zip"))
                for character in request.text { try await writer.write(Text(String(character))) }
                if request.text.hasSuffix("!") { throw RPCError(.dataLoss, "no more") }
                if request.text.hasSuffix("…") { try await self.waitForCancellation() }
            },
            .bidirectional(Self.chat) { requests, writer, _ in
                for try await request in requests { try await writer.write(request) }
            },
        ]
    }

    private func answer(_ request: Text, _ context: RPCServerContext) async throws -> Text {
        switch request.text {
        case "wait":
            try await waitForCancellation()
            return ""
        case "down", "down after the head":
            if request.text != "down" { try await context.sendInitialMetadata() }
            let count = downs.withLock { count in
                count += 1
                return count
            }
            guard count > 2 else { throw RPCError(.unavailable, "not yet") }
            return Text("up")
        case "fail": throw RPCError(RPCStatus(.aborted, "bäd %25 ☺", details: [8, 10]))
        case "spaces": throw RPCError(.aborted, " spaced ")
        case "detailed": throw RPCError(RPCStatus(.notFound, "no", details: Self.detailed))
        case "metadata":
            context.setInitialMetadata(context.metadata)
            context.setTrailers(context.metadata)
            return request
        case "compress":
            context.setCompression(true)
            return Text(context.lastRequestWasCompressed ? "compressed" : "plain")
        default: return request
        }
    }

    /// Far beyond any test: only a cancellation ends it.
    private func waitForCancellation() async throws {
        defer { cancelled.yield() }
        let (never, continuation) = AsyncStream.makeStream(of: Void.self)
        defer { continuation.finish() }
        for await _ in never {}
        try Task.checkCancellation()
    }
}
