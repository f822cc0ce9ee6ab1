import HTTP
import NIOCore
import Testing

@testable import RPC

struct ServerCallStateTests {
    private let message = ByteBuffer(bytes: [1, 2])
    private let frame = ByteBuffer(bytes: [0, 0, 0, 0, 2, 1, 2])

    private func call(_ kind: RPCKind, acceptsGzip: Bool = false) -> ServerCallState {
        let head = RPCRequestHead(
            path: "/s/m",
            metadata: RPCMetadata(),
            timeout: nil,
            encoding: .identity,
            acceptsGzip: acceptsGzip
        )
        return ServerCallState(head: head, kind: kind, limits: RPCLimits())
    }

    private func expectFailure(_ code: RPCStatusCode, _ step: InboundStep) {
        guard case .failed(let error) = step else {
            Issue.record("expected \(code), got \(step)")
            return
        }
        #expect(error.code == code)
    }

    @Test(arguments: RPCKind.allCases) func `an error before the first message is Trailers-Only`(kind: RPCKind) {
        var call = call(kind)
        let status = RPCStatus(.notFound, "no ☺")
        let actions = call.handlerEnded(status, trailers: RPCMetadata())
        #expect(actions == [.head(.trailersOnly(status), endStream: true)])
        #expect(call.isEnded)
    }

    @Test func `a response is head, bytes, trailers`() throws {
        var call = call(.unary)
        let started = try call.messageSent(message, compressed: nil)
        let head = HTTPResponseHead.responseHead(encoding: .identity, metadata: RPCMetadata())
        #expect(started == [.head(head, endStream: false), .bytes(frame)])
        var trailers = HTTPFields()
        trailers.append("grpc-status", "0")
        #expect(call.handlerEnded(.ok, trailers: RPCMetadata()) == [.trailers(trailers)])
        #expect(call.handlerEnded(.ok, trailers: RPCMetadata()) == [])
    }

    @Test func `initial metadata goes with the head, and joins the trailers where there is none`() throws {
        var metadata = RPCMetadata()
        try metadata.add("key", "value")
        var responding = call(.serverStreaming)
        responding.initialMetadataSet(metadata)
        #expect(
            responding.headReleased() == [
                .head(.responseHead(encoding: .identity, metadata: metadata), endStream: false)
            ]
        )
        #expect(responding.headReleased() == [])
        var failing = call(.serverStreaming)
        failing.initialMetadataSet(metadata)
        let actions = failing.handlerEnded(RPCStatus(.aborted), trailers: RPCMetadata())
        #expect(actions == [.head(.trailersOnly(RPCStatus(.aborted), metadata: metadata), endStream: true)])
    }

    @Test func `a single request is one message and the end`() {
        var call = call(.unary)
        #expect(call.messageWanted() == .needsBytes)
        call.bytesArrived(frame)
        #expect(call.messageWanted() == .needsBytes)
        call.requestEnded()
        #expect(call.messageWanted() == .message(message))
        #expect(call.messageWanted() == .ended)
    }

    @Test func `too few and too many request messages are UNIMPLEMENTED`() {
        var none = call(.serverStreaming)
        none.requestEnded()
        expectFailure(.unimplemented, none.messageWanted())
        var two = call(.unary)
        two.bytesArrived(frame)
        two.bytesArrived(frame)
        expectFailure(.unimplemented, two.messageWanted())
        expectFailure(.unimplemented, two.messageWanted())
    }

    @Test func `a request stream gives what came before its end`() {
        var call = call(.bidirectional)
        call.bytesArrived(frame)
        #expect(call.messageWanted() == .message(message))
        #expect(call.messageWanted() == .needsBytes)
        call.requestEnded()
        #expect(call.messageWanted() == .ended)
    }

    @Test func `an end inside a message is INTERNAL`() {
        var call = call(.clientStreaming)
        call.bytesArrived(ByteBuffer(bytes: [0, 0]))
        call.requestEnded()
        expectFailure(.internal, call.messageWanted())
    }

    @Test func `the deadline answers and cancels once`() throws {
        let status = RPCStatus(.deadlineExceeded, "deadline exceeded")
        var held = call(.unary)
        let heldActions = held.deadlineExpired(isWriting: false)
        #expect(heldActions == [.head(.trailersOnly(status), endStream: true), .cancelHandler])
        #expect(held.deadlineExpired(isWriting: false) == [])
        #expect(held.handlerEnded(.ok, trailers: RPCMetadata()) == [])
        #expect(throws: RPCError(status)) { try held.messageSent(message, compressed: nil) }

        var started = call(.serverStreaming)
        _ = try started.messageSent(message, compressed: nil)
        var trailers = HTTPFields()
        trailers.append(status)
        #expect(started.deadlineExpired(isWriting: false) == [.trailers(trailers), .cancelHandler])

        var stuck = call(.serverStreaming)
        _ = try stuck.messageSent(message, compressed: nil)
        #expect(stuck.deadlineExpired(isWriting: true) == [.reset(.cancel), .cancelHandler])
    }

    @Test func `a lost stream cancels the handler once and takes nothing more`() {
        var call = call(.bidirectional)
        #expect(call.streamLost() == [.cancelHandler])
        #expect(call.streamLost() == [])
        #expect(call.handlerEnded(.ok, trailers: RPCMetadata()) == [])
        #expect(throws: RPCError.self) { try call.messageSent(message, compressed: nil) }
    }

    @Test(arguments: [true, false]) func `messages are compressed only for a caller that takes it`(accepts: Bool) throws
    {
        var call = call(.serverStreaming, acceptsGzip: accepts)
        call.compressionSet(true)
        let first = try call.messageSent(message, compressed: nil)
        let second = try call.messageSent(message, compressed: false)
        guard case .head(let head, _) = first.first, case .bytes(let bytes) = first.last else {
            Issue.record("no head and bytes")
            return
        }
        #expect(head.fields["grpc-encoding"] == (accepts ? "gzip" : nil))
        #expect(bytes.getInteger(at: 0, as: UInt8.self) == (accepts ? 1 : 0))
        #expect(second == [.bytes(frame)])
    }
}
