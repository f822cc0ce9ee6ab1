package import HTTP
package import NIOCore

/// The server's side of one call: bytes and the handler's doings in, heads, bytes and trailers out.
///
/// | response | message sent | handler ended | deadline expired | stream lost |
/// | --- | --- | --- | --- | --- |
/// | held back | head, bytes; started | Trailers-Only; ended | Trailers-Only, cancel handler; ended | cancel handler; ended |
/// | started | bytes | trailers; ended | trailers or reset, cancel handler; ended | cancel handler; ended |
/// | ended | throws what ended it | nothing | nothing | nothing |
///
/// | request | bytes arrived | request ended | message wanted |
/// | --- | --- | --- | --- |
/// | receiving | receiving | ended, or failed inside a message | message, needs bytes, or failed |
/// | ended | dropped | ended | message or end |
/// | failed | dropped | failed | the error |
///
/// The head is held back until the first message, so that an error stays Trailers-Only and can be retried.
/// Ours (precondition): two responses, or success without one, where the method has a single response.
/// The peer's (typed error, scope: this call): framing violations, too few or too many request messages.
/// Legal noise (dropped): bytes after a failure or after the end; a handler's end after a deadline.
package struct ServerCallState: Sendable {
    /// What the shell does, in order.
    package enum Action: Hashable, Sendable {
        /// Send the response's head; with the end of the stream for Trailers-Only.
        case head(HTTPResponseHead, endStream: Bool)
        /// Send framed bytes.
        case bytes(ByteBuffer)
        /// Send the trailers, which end the stream.
        case trailers(HTTPFields)
        /// Reset the stream.
        case reset(HTTP2ErrorCode)
        /// Cancel the handler's task.
        case cancelHandler
    }
    private enum Request: Hashable {
        case receiving
        case ended
        case failed(RPCError)
    }
    private enum Response: Hashable {
        case heldBack
        case started(encoding: MessageEncoding)
        case ended(RPCStatus)
    }
    private let head: RPCRequestHead
    private let kind: RPCKind
    private let limits: RPCLimits
    private var deframer: MessageDeframer
    private var request = Request.receiving
    private var response = Response.heldBack
    /// The one message of a single request, until the request's end proves that it is the only one.
    private var single: ByteBuffer?
    private var delivered = false
    private var responses = 0
    private var compresses = false
    private var initialMetadata = RPCMetadata()

    /// A call whose head was admitted and whose method is of `kind`.
    package init(head: RPCRequestHead, kind: RPCKind, limits: RPCLimits) {
        self.head = head
        self.kind = kind
        self.limits = limits
        self.deframer = MessageDeframer(encoding: head.encoding, limits: limits)
    }

    /// Whether nothing more can be sent.
    package var isEnded: Bool {
        if case .ended = response { true } else { false }
    }

    /// Whether the request message delivered last came compressed.
    package var lastRequestWasCompressed: Bool { deframer.lastWasCompressed }

    // MARK: The peer's events

    /// Bytes of the request's body.
    package mutating func bytesArrived(_ bytes: ByteBuffer) {
        guard request == .receiving else { return }
        deframer.bytesArrived(bytes)
    }

    /// The caller half-closed.
    package mutating func requestEnded() {
        guard request == .receiving else { return }
        request = .ended
    }

    /// The stream was reset or its connection lost.
    package mutating func streamLost() -> [Action] {
        guard !isEnded else { return [] }
        response = .ended(RPCStatus(.cancelled, "the caller went away"))
        return [.cancelHandler]
    }

    /// The time the caller gave is over. `isWriting`: a write waits for flow control, so that trailers would wait
    /// behind it and only a reset gets through.
    package mutating func deadlineExpired(isWriting: Bool) -> [Action] {
        let status = RPCStatus(.deadlineExceeded, "deadline exceeded")
        if isWriting, case .started = response {
            response = .ended(status)
            return [.reset(.cancel), .cancelHandler]
        }
        let actions = end(status, trailers: RPCMetadata())
        return actions.isEmpty ? [] : actions + [.cancelHandler]
    }

    // MARK: The handler's events

    /// The handler wants the next request message.
    package mutating func messageWanted() -> InboundStep {
        if case .failed(let error) = request { return .failed(error) }
        do throws(FramingError) {
            return kind.hasSingleRequest ? try singleStep() : try streamStep()
        } catch {
            return failed(RPCError(error.status))
        }
    }

    /// Metadata for the head; counts only while the head is held back.
    package mutating func initialMetadataSet(_ metadata: RPCMetadata) {
        initialMetadata = metadata
    }

    /// Whether messages are compressed from now on, unless one says otherwise. Before the head goes this also decides
    /// whether the response has an encoding at all.
    package mutating func compressionSet(_ compresses: Bool) {
        self.compresses = compresses
    }

    /// The handler wants the head to go before its first message.
    package mutating func headReleased() -> [Action] {
        guard response == .heldBack else { return [] }
        return [start(compresses: compresses)]
    }

    /// The handler sends one message. Throws where the call has ended already or the message is too large.
    package mutating func messageSent(_ message: ByteBuffer, compressed: Bool?) throws(RPCError) -> [Action] {
        if case .ended(let status) = response { throw RPCError(status.code == .ok ? .init(.cancelled) : status) }
        precondition(!kind.hasSingleResponse || responses == 0, "a second response on a call that has a single one")
        responses += 1
        var actions: [Action] = []
        if response == .heldBack { actions.append(start(compresses: compresses || compressed == true)) }
        guard case .started(let encoding) = response else { preconditionFailure("the head has just gone") }
        do throws(FramingError) {
            let framer = MessageFramer(encoding: encoding, limits: limits)
            actions.append(.bytes(try framer.frame(message, compressed: compressed ?? compresses)))
        } catch {
            throw RPCError(error.status)
        }
        return actions
    }

    /// The handler returned or threw.
    package mutating func handlerEnded(_ status: RPCStatus, trailers: RPCMetadata) -> [Action] {
        if !isEnded, status.code == .ok, kind.hasSingleResponse {
            precondition(responses == 1, "success without a response on a call that has a single one")
        }
        return end(status, trailers: trailers)
    }

    // MARK: Private

    private mutating func end(_ status: RPCStatus, trailers: RPCMetadata) -> [Action] {
        defer { if !isEnded { response = .ended(status) } }
        switch response {
        case .ended: return []
        case .heldBack:
            var metadata = initialMetadata
            metadata.append(trailers)
            return [.head(.trailersOnly(status, metadata: metadata), endStream: true)]
        case .started:
            var fields = HTTPFields()
            fields.append(status)
            fields.append(trailers)
            return [.trailers(fields)]
        }
    }

    private mutating func start(compresses: Bool) -> Action {
        let encoding: MessageEncoding = compresses && head.acceptsGzip ? .gzip : .identity
        response = .started(encoding: encoding)
        return .head(.responseHead(encoding: encoding, metadata: initialMetadata), endStream: false)
    }

    private mutating func streamStep() throws(FramingError) -> InboundStep {
        if let message = try deframer.nextMessage() { return .message(message) }
        guard request == .ended else { return .needsBytes }
        try deframer.endArrived()
        return .ended
    }

    private mutating func singleStep() throws(FramingError) -> InboundStep {
        if delivered { return .ended }
        while let message = try deframer.nextMessage() {
            guard single == nil else { return failed(RPCError(.unimplemented, "more than one request message")) }
            single = message
        }
        guard request == .ended else { return .needsBytes }
        try deframer.endArrived()
        guard let message = single else { return failed(RPCError(.unimplemented, "no request message")) }
        delivered = true
        single = nil
        return .message(message)
    }

    private mutating func failed(_ error: RPCError) -> InboundStep {
        request = .failed(error)
        return .failed(error)
    }
}
