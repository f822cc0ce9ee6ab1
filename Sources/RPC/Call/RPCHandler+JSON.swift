internal import Synchronization

extension RPCHandler {
    /// Runs the method on JSON messages: the same handler, reached by plain HTTP instead of gRPC. `emit` gets each
    /// response as it comes.
    package func callJSON(
        _ requests: [JSONValue],
        context: RPCServerContext,
        emit: @escaping @Sendable (JSONValue) async throws -> Void
    ) async throws(RPCError) {
        do {
            try await run(JSONSource(requests), JSONSink(emit: emit), context)
        } catch {
            throw RPCError(thrown: error)
        }
    }
}

/// Request messages that are all there already.
private final class JSONSource: RPCMessageSource {
    private let rest: Mutex<ArraySlice<JSONValue>>

    init(_ messages: [JSONValue]) {
        self.rest = Mutex(messages[...])
    }

    func next<Message: RPCMessage>(_ type: Message.Type) async throws(RPCError) -> Message? {
        guard let json = rest.withLock({ $0.popFirst() }) else { return nil }
        do throws(ProtobufError) {
            return try Message(json: json)
        } catch {
            throw RPCError(.invalidArgument, "\(error)")
        }
    }
}

/// Response messages that leave as they come.
private struct JSONSink: RPCMessageSink {
    let emit: @Sendable (JSONValue) async throws -> Void

    func send<Message: RPCMessage>(_ message: Message, compressed: Bool?) async throws(RPCError) {
        do { try await emit(message.json) } catch { throw RPCError(thrown: error) }
    }

    func finish() async throws(RPCError) {}
}
