import HTTP
import NIOCore
import Testing

@testable import RPC

struct ClientCallStateTests {
    private let message = ByteBuffer(bytes: [1, 2])
    private let frame = ByteBuffer(bytes: [0, 0, 0, 0, 2, 1, 2])
    private let head = HTTPResponseHead.responseHead(encoding: .identity, metadata: RPCMetadata())

    private func call(_ kind: RPCKind) -> ClientCallState {
        ClientCallState(kind: kind, compresses: false, limits: RPCLimits())
    }

    private func trailers(_ status: RPCStatus) -> HTTPFields {
        var fields = HTTPFields()
        fields.append(status)
        return fields
    }

    private func expectFailure(_ code: RPCStatusCode, _ call: inout ClientCallState) {
        guard case .failed(let error) = call.messageWanted().step else {
            Issue.record("expected \(code)")
            return
        }
        #expect(error.code == code)
        #expect(call.status?.code == code || call.status?.code == .ok)
    }

    @Test func `a single response comes when its status is known to be good`() {
        var call = call(.unary)
        #expect(call.headArrived(head) == false)
        call.bytesArrived(frame)
        #expect(call.messageWanted().step == .needsBytes)
        _ = call.responseEnded(trailers: trailers(.ok))
        #expect(call.messageWanted().step == .message(message))
        #expect(call.status == .ok)
    }

    @Test func `a server that was cancelled by the deadline means the deadline, and only then`() {
        for (isPastDeadline, code) in [(true, RPCStatusCode.deadlineExceeded), (false, .cancelled)] {
            var call = call(.unary)
            _ = call.headArrived(head)
            _ = call.responseEnded(trailers: trailers(RPCStatus(.cancelled)), isPastDeadline: isPastDeadline)
            expectFailure(code, &call)
            var other = self.call(.unary)
            _ = other.headArrived(head)
            _ = other.responseEnded(trailers: trailers(RPCStatus(.aborted)), isPastDeadline: isPastDeadline)
            expectFailure(.aborted, &other)
        }
    }

    @Test func `messages before a bad status are delivered in a stream`() {
        var call = call(.serverStreaming)
        _ = call.headArrived(head)
        call.bytesArrived(frame)
        _ = call.responseEnded(trailers: trailers(RPCStatus(.aborted, "ä")))
        #expect(call.messageWanted().step == .message(message))
        #expect(call.messageWanted().step == .failed(RPCError(.aborted, "ä")))
    }

    @Test func `Trailers-Only is the status, unless a body follows`() {
        let only = HTTPResponseHead.trailersOnly(RPCStatus(.notFound, "no"))
        var call = call(.unary)
        _ = call.headArrived(only)
        _ = call.responseEnded(trailers: nil)
        #expect(call.messageWanted().step == .failed(RPCError(.notFound, "no")))

        var followed = self.call(.unary)
        _ = followed.headArrived(only)
        followed.bytesArrived(frame)
        _ = followed.responseEnded(trailers: trailers(.ok))
        #expect(followed.messageWanted().step == .message(message))
    }

    @Test func `too few and too many responses are UNIMPLEMENTED`() {
        var none = call(.unary)
        _ = none.headArrived(head)
        _ = none.responseEnded(trailers: trailers(.ok))
        expectFailure(.unimplemented, &none)

        var two = call(.clientStreaming)
        _ = two.headArrived(head)
        two.bytesArrived(frame)
        two.bytesArrived(frame)
        let (step, needsReset) = two.messageWanted()
        #expect(needsReset)
        #expect(step == .failed(RPCError(.unimplemented, "more than one response message")))
    }

    @Test func `no status at all is UNKNOWN`() {
        var call = call(.unary)
        _ = call.headArrived(head)
        call.bytesArrived(frame)
        _ = call.responseEnded(trailers: nil)
        expectFailure(.unknown, &call)
    }

    @Test(arguments: [
        (400, RPCStatusCode.internal), (401, .unauthenticated), (403, .permissionDenied), (404, .unimplemented),
        (429, .unavailable), (502, .unavailable), (503, .unavailable), (504, .unavailable), (500, .unknown),
        (302, .unknown),
    ])
    func `an HTTP status is mapped where gRPC's is missing`(http: Int, code: RPCStatusCode) {
        var call = call(.unary)
        #expect(call.headArrived(HTTPResponseHead(status: http, fields: HTTPFields())) == true)
        expectFailure(code, &call)
    }

    @Test func `a foreign content type is UNKNOWN, an unknown encoding INTERNAL`() {
        var fields = HTTPFields()
        fields.append("content-type", "text/html")
        var foreign = call(.unary)
        #expect(foreign.headArrived(HTTPResponseHead(status: 200, fields: fields)) == true)
        expectFailure(.unknown, &foreign)
        var encoded = head
        encoded.fields.append("grpc-encoding", "snappy")
        var unknown = call(.unary)
        #expect(unknown.headArrived(encoded) == true)
        expectFailure(.internal, &unknown)
    }

    @Test(arguments: [
        (HTTP2ErrorCode.refusedStream, RPCStatusCode.unavailable), (.cancel, .cancelled),
        (.enhanceYourCalm, .resourceExhausted), (.inadequateSecurity, .permissionDenied), (.noError, .internal),
        (.protocolError, .internal), (.internalError, .internal),
    ])
    func `a reset is mapped`(reset: HTTP2ErrorCode, code: RPCStatusCode) {
        var call = call(.unary)
        call.streamLost(.reset(reset), isPastDeadline: false)
        expectFailure(code, &call)
    }

    @Test func `a cancel by the server past the deadline is the deadline`() {
        var call = call(.unary)
        call.streamLost(.reset(.cancel), isPastDeadline: true)
        expectFailure(.deadlineExceeded, &call)
    }

    @Test func `a lost connection is UNAVAILABLE`() {
        var call = call(.serverStreaming)
        _ = call.headArrived(head)
        call.streamLost(.connection("gone"), isPastDeadline: true)
        expectFailure(.unavailable, &call)
    }

    @Test func `cancel and deadline reset the stream once, and nothing changes the status after`() {
        var cancelled = call(.unary)
        #expect(cancelled.cancelled() == true)
        #expect(cancelled.cancelled() == false)
        #expect(cancelled.deadlineExpired() == false)
        #expect(cancelled.headArrived(head) == false)
        cancelled.bytesArrived(frame)
        _ = cancelled.responseEnded(trailers: trailers(.ok))
        expectFailure(.cancelled, &cancelled)

        var late = call(.unary)
        #expect(late.deadlineExpired() == true)
        late.streamLost(.reset(.cancel), isPastDeadline: true)
        expectFailure(.deadlineExceeded, &late)
        #expect(throws: RPCError.self) { try late.messageSent(message, compressed: nil) }
    }

    @Test(arguments: [true, false]) func `a stream that the server ended first is freed`(isFinished: Bool) throws {
        var call = call(.bidirectional)
        if isFinished { call.requestsFinished() }
        _ = call.headArrived(head)
        #expect(call.responseEnded(trailers: trailers(.ok)) == !isFinished)
        #expect(call.messageWanted().step == .ended)
    }

    @Test func `trailing metadata comes with the status`() throws {
        var fields = trailers(RPCStatus(.aborted, "x", details: [1, 2]))
        fields.append("trace-bin", "q6s")
        var call = call(.unary)
        _ = call.headArrived(head)
        _ = call.responseEnded(trailers: fields)
        #expect(call.trailingMetadata.binary("trace-bin") == [0xAB, 0xAB])
        #expect(call.status?.details == [1, 2])
    }
}
