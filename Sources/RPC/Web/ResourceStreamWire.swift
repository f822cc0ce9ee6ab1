internal import HTTP
internal import NIOCore
internal import Synchronization

/// A streaming method called as a resource: one JSON message in, many out, as server-sent events or one a line.
final class ResourceStreamWire: WebWire {
    /// How the messages are set apart.
    enum Form: String {
        case events = "text/event-stream"
        case lines = "application/jsonl"
    }
    private enum Phase {
        case waiting, open, ended
    }
    private struct Response {
        var phase = Phase.waiting
        var events = 0
        /// Whether something went out since the last look.
        var isFresh = false
    }
    let reply: WebReply
    private let whole: WholeRequest
    private let responseField: String?
    private let form: Form
    private let state = Mutex(Response())

    init(_ resource: ResourceRequest, body: WebBody?, responseField: String?, form: Form, reply: WebReply) {
        self.whole = resource.whole(body)
        self.responseField = responseField
        self.form = form
        self.reply = reply
    }

    func receive() async throws(CallWireError) -> ByteBuffer? { try await whole.take() }

    func respond(_ head: HTTPResponseHead, endStream: Bool) async throws(HTTPError) {
        let status = head.fields.rpcStatus
        if endStream, let status, status.code != .ok {
            state.withLock { $0.phase = .ended }
            return try await reply.failure(status, CallOutcome.metadata(head.fields))
        }
        state.withLock { $0.phase = .open }
        var fields = CallOutcome.metadata(head.fields)
        fields.append("content-type", form.rawValue)
        fields.append("cache-control", "no-store")
        try await reply.start(fields)
        if endStream { try await finish(trailers: head.fields) }
    }

    func write(_ bytes: ByteBuffer) async throws(HTTPError) {
        var message = String(buffer: CallOutcome.message(bytes))
        if let responseField, let whole = try? JSONParser.parse(message) {
            message = (whole[responseField] ?? .object([])).text
        }
        let number = state.withLock { state in
            state.events += 1
            state.isFresh = true
            return state.events
        }
        switch form {
        case .events: try await send("id: \(number)\ndata: \(message)\n\n")
        case .lines: try await send(message + "\n")
        }
    }

    func finish(trailers: HTTPFields?) async throws(HTTPError) {
        state.withLock { $0.phase = .ended }
        let status = (trailers ?? HTTPFields()).finalStatus
        let error = WebReply.error(status, http: status.code.httpStatus).text
        switch (form, status.code) {
        // Without an end of its own, a browser's EventSource would take the end for a failure and connect again.
        case (.events, .ok): try await send("event: end\ndata: {}\n\n")
        case (.events, _): try await send("event: error\ndata: \(error)\n\n")
        case (.lines, .ok): break
        case (.lines, _): try await send(error + "\n")
        }
        try await reply.request.finish(trailers: nil)
    }

    /// Sends a comment wherever nothing went out for `interval`; ends when its task is cancelled.
    func keepAlive(every interval: Duration) async {
        guard form == .events else { return }
        while true {
            do { try await Task.sleep(for: interval) } catch { return }
            let isQuiet = state.withLock { state in
                defer { state.isFresh = false }
                return state.phase == .open && !state.isFresh
            }
            // A caller that is gone ends the call itself; nothing is to be done about it here.
            if isQuiet { try? await send(":\n\n") }
        }
    }

    private func send(_ text: String) async throws(HTTPError) {
        try await reply.request.write(ByteBuffer(string: text))
    }
}
