package import HTTP
package import NIOCore

/// The client's side of one call: the response's head, bytes and end in; messages and one status out.
///
/// | state | head arrived | bytes arrived | response ended | stream lost, cancelled, deadline |
/// | --- | --- | --- | --- | --- |
/// | awaiting head | receiving, or failed | (after the head only) | failed | failed |
/// | receiving | (once only) | receiving | ended with the status of the trailers | failed |
/// | ended | dropped | dropped | dropped | dropped |
///
/// Trailers-Only is a head with `grpc-status` and then nothing; `grpc-status` in a head that is followed by a body or
/// by trailers is not the status. Messages that came before a bad status are delivered, then the status.
/// Ours (precondition): a second request message, or an end without one, where the method has a single request.
/// The peer's (this call's status): no `grpc-status`, wrong content type, unknown encoding, framing violations, too
/// few or too many response messages. Legal noise (dropped): anything after the end.
package struct ClientCallState: Sendable {
    /// Why a stream ended without its trailers.
    package enum Loss: Hashable, Sendable {
        /// RST_STREAM by the peer.
        case reset(HTTP2ErrorCode)
        /// The connection is gone, or never took the stream.
        case connection(String)
    }
    private enum State: Hashable {
        case awaitingHead
        case receiving(HTTPResponseHead, sawBytes: Bool)
        /// The peer's side is complete; messages may still wait in the deframer.
        case ended(RPCStatus, trailers: RPCMetadata)
        /// Lost at once: what waits in the deframer is dropped.
        case failed(RPCError)
    }
    private let kind: RPCKind
    private let limits: RPCLimits
    private let framer: MessageFramer
    private let compresses: Bool
    private var deframer: MessageDeframer
    private var state = State.awaitingHead
    private var single: ByteBuffer?
    private var requests = 0
    private var responses = 0
    private var isHalfClosed = false
    /// What came with the head; nil before it.
    package private(set) var initialMetadata: RPCMetadata?
    /// A head came that was not the whole response: the server works on the call, which is not tried again (A6).
    package private(set) var isCommitted = false
    /// `grpc-retry-pushback-ms` of the trailers: when the server says to come back, as it said it (A6).
    package private(set) var retryPushback: String?

    /// A call of a method of `kind`; with `compresses`, request messages are gzip unless one says otherwise.
    package init(kind: RPCKind, compresses: Bool, limits: RPCLimits) {
        self.kind = kind
        self.limits = limits
        self.compresses = compresses
        self.framer = MessageFramer(encoding: compresses ? .gzip : .identity, limits: limits)
        self.deframer = MessageDeframer(encoding: .identity, limits: limits)
    }

    /// The status, once the call has one.
    package var status: RPCStatus? {
        switch state {
        case .awaitingHead, .receiving: nil
        case .ended(let status, _): status
        case .failed(let error): error.status
        }
    }
    /// The error the call ended with; nil before its end and where it ended well.
    package var error: RPCError? {
        switch state {
        case .awaitingHead, .receiving: nil
        case .ended(let status, let trailers): status.code == .ok ? nil : RPCError(status, metadata: trailers)
        case .failed(let error): error
        }
    }
    /// What came with the status; empty before it.
    package var trailingMetadata: RPCMetadata {
        switch state {
        case .awaitingHead, .receiving: RPCMetadata()
        case .ended(_, let trailers): trailers
        case .failed(let error): error.metadata
        }
    }
    /// Whether the response message delivered last came compressed.
    package var lastResponseWasCompressed: Bool { deframer.lastWasCompressed }
    /// Whether the peer owes us nothing more, so that no reset is needed.
    package var isEnded: Bool { status != nil }

    // MARK: Our events

    /// One request message, framed. Throws the call's error where it has ended.
    package mutating func messageSent(_ message: ByteBuffer, compressed: Bool?) throws(RPCError) -> ByteBuffer {
        if isEnded { throw error ?? RPCError(.cancelled, "the server has ended the call") }
        precondition(!kind.hasSingleRequest || requests == 0, "a second request on a call that has a single one")
        requests += 1
        do throws(FramingError) {
            return try framer.frame(message, compressed: compressed ?? compresses)
        } catch {
            throw RPCError(error.status)
        }
    }

    /// The caller has no more messages.
    package mutating func requestsFinished() {
        precondition(!kind.hasSingleRequest || requests == 1, "an end without the request of a call that has one")
        isHalfClosed = true
    }

    /// The caller gave up; true where the stream has to be reset with CANCEL.
    package mutating func cancelled() -> Bool {
        lost(RPCError(.cancelled, "the call was cancelled"))
    }

    /// The caller's time is over; true where the stream has to be reset with CANCEL.
    package mutating func deadlineExpired() -> Bool {
        lost(RPCError(.deadlineExceeded, "deadline exceeded"))
    }

    // MARK: The peer's events

    /// The response's head. True where it breaks the protocol so that the stream has to be reset with CANCEL.
    package mutating func headArrived(_ head: HTTPResponseHead) -> Bool {
        guard state == .awaitingHead else { return false }
        isCommitted = head.status == 200 && head.fields["grpc-status"] == nil
        guard head.status == 200 || head.fields["grpc-status"] != nil else {
            return lost(RPCError(RPCStatusCode(httpStatus: head.status), "the server answered HTTP \(head.status)"))
        }
        guard RPCRequestHead.isGRPC(contentType: head.fields["content-type"] ?? "") else {
            return lost(RPCError(.unknown, "the server's answer is not gRPC"))
        }
        let name = head.fields["grpc-encoding"] ?? MessageEncoding.identity.rawValue
        guard let encoding = MessageEncoding(rawValue: name) else {
            return lost(RPCError(.internal, "the server compresses with an encoding that was not offered"))
        }
        switch RPCMetadata.read(head.fields, limits: limits) {
        case .failure(let error): return lost(error)
        case .success(let metadata): initialMetadata = metadata
        }
        deframer.encodingDeclared(encoding)
        state = .receiving(head, sawBytes: false)
        return false
    }

    /// Bytes of the response's body.
    package mutating func bytesArrived(_ bytes: ByteBuffer) {
        guard case .receiving(let head, _) = state, bytes.readableBytes > 0 else { return }
        state = .receiving(head, sawBytes: true)
        deframer.bytesArrived(bytes)
    }

    /// The peer ended the stream, with trailers or without. True where our half is still open, so that the stream has
    /// to be reset with NO_ERROR to be freed. A server that was cancelled by the deadline may say so: past the deadline that
    /// is what the caller asked for.
    package mutating func responseEnded(trailers: HTTPFields?, isPastDeadline: Bool = false) -> Bool {
        guard case .receiving(let head, let sawBytes) = state else {
            return lost(RPCError(.internal, "the stream ended without an answer")) && !isHalfClosed
        }
        let isTrailersOnly = (trailers?.isEmpty ?? true) && !sawBytes
        let fields = isTrailersOnly ? head.fields : trailers ?? HTTPFields()
        retryPushback = fields["grpc-retry-pushback-ms"]
        guard var status = fields.rpcStatus else {
            return lost(RPCError(.unknown, "the server sent no grpc-status")) && !isHalfClosed
        }
        if isPastDeadline, status.code == .cancelled { status.code = .deadlineExceeded }
        switch RPCMetadata.read(fields, limits: limits) {
        case .failure(let error): _ = lost(error)
        case .success(let metadata):
            if isTrailersOnly { initialMetadata = RPCMetadata() }
            state = .ended(status, trailers: metadata)
        }
        return !isHalfClosed
    }

    /// The stream ended without trailers. A server whose clock ran out before ours resets with CANCEL: past the
    /// deadline that is what the caller asked for.
    package mutating func streamLost(_ loss: Loss, isPastDeadline: Bool) {
        switch loss {
        case .reset(.cancel) where isPastDeadline:
            _ = lost(RPCError(.deadlineExceeded, "deadline exceeded"))
        case .reset(let code):
            let mapped = RPCStatusCode(streamReset: code)
            _ = lost(RPCError(mapped, "the server reset the stream"))
        case .connection(let reason): _ = lost(RPCError(.unavailable, reason))
        }
    }

    /// The caller wants the next response message. A violation found here ends the call: `needsReset` is then true
    /// where the peer is still sending.
    package mutating func messageWanted() -> (step: InboundStep, needsReset: Bool) {
        if case .failed(let error) = state { return (.failed(error), false) }
        do throws(RPCError) {
            return (kind.hasSingleResponse ? try singleStep() : try streamStep(), false)
        } catch {
            // A bad status that the server has told stays, whatever came before it.
            if case .ended(let status, let trailers) = state, status.code != .ok {
                return (.failed(RPCError(status, metadata: trailers)), false)
            }
            let needsReset = !isEnded
            state = .failed(error)
            return (.failed(error), needsReset)
        }
    }

    // MARK: Private

    private mutating func streamStep() throws(RPCError) -> InboundStep {
        if let message = try nextMessage() { return .message(message) }
        guard case .ended(let status, let trailers) = state else { return .needsBytes }
        guard status.code == .ok else { return .failed(RPCError(status, metadata: trailers)) }
        try close()
        return .ended
    }

    private mutating func singleStep() throws(RPCError) -> InboundStep {
        while let message = try nextMessage() {
            responses += 1
            single = message
        }
        guard responses <= 1 else { throw RPCError(.unimplemented, "more than one response message") }
        guard case .ended(let status, let trailers) = state else { return .needsBytes }
        guard status.code == .ok else { return .failed(RPCError(status, metadata: trailers)) }
        try close()
        guard responses == 1 else { throw RPCError(.unimplemented, "no response message") }
        guard let message = single else { return .ended }
        single = nil
        return .message(message)
    }

    private mutating func nextMessage() throws(RPCError) -> ByteBuffer? {
        do throws(FramingError) { return try deframer.nextMessage() } catch { throw RPCError(error.status) }
    }

    private mutating func close() throws(RPCError) {
        do throws(FramingError) { try deframer.endArrived() } catch { throw RPCError(error.status) }
    }

    private mutating func lost(_ error: RPCError) -> Bool {
        guard !isEnded else { return false }
        state = .failed(error)
        return true
    }
}
