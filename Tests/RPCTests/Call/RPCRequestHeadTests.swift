import HTTP
import Testing

@testable import RPC

struct RPCRequestHeadTests {
    private func head(_ extra: [(String, String)] = [], method: String = "POST") -> HTTPRequestHead {
        var fields = HTTPFields()
        if !extra.contains(where: { $0.0 == "content-type" }) { fields.append("content-type", "application/grpc") }
        if !extra.contains(where: { $0.0 == "te" }) { fields.append("te", "trailers") }
        for (name, value) in extra { fields.append(name, value) }
        return HTTPRequestHead(method: method, scheme: "http", authority: "a", path: "/s/m", fields: fields)
    }

    private func expectStatus(_ code: RPCStatusCode, _ admission: RPCRequestHead.Admission) -> HTTPResponseHead? {
        guard case .refused(let answer) = admission else {
            Issue.record("not refused: \(admission)")
            return nil
        }
        #expect(answer.status == 200)
        #expect(answer.fields.rpcStatus?.code == code)
        return answer
    }

    @Test(arguments: ["", "gzip"]) func `a request without te trailers is refused`(te: String) {
        _ = expectStatus(.internal, RPCRequestHead.admit(head([("te", te)]), limits: RPCLimits()))
    }

    @Test func `a call is read from its head`() throws {
        let fields = [
            ("grpc-timeout", "2S"), ("grpc-encoding", "gzip"), ("grpc-accept-encoding", "identity, gzip"),
            ("authorization", "Bearer x"), ("te", "trailers"),
        ]
        guard case .call(let call) = RPCRequestHead.admit(head(fields), limits: RPCLimits()) else {
            Issue.record("not a call")
            return
        }
        #expect(call.path == "/s/m")
        #expect(call.timeout == .seconds(2))
        #expect(call.encoding == .gzip)
        #expect(call.acceptsGzip)
        #expect(call.metadata.entries.map(\.key) == ["authorization"])
    }

    @Test(arguments: [
        "application/json", "application/grpc-web", "application/grpc-web+proto", "application/grpcx", "",
    ])
    func `another content type is somebody else's, or 415`(type: String) {
        let admission = RPCRequestHead.admit(head([("content-type", type)]), limits: RPCLimits())
        #expect(admission == .foreign(HTTPResponseHead(status: 415, fields: HTTPFields())))
    }

    @Test(arguments: ["application/grpc", "application/grpc+proto", "Application/gRPC", "application/grpc; charset=x"])
    func `gRPC's content types are calls`(type: String) {
        guard case .call = RPCRequestHead.admit(head([("content-type", type)]), limits: RPCLimits()) else {
            Issue.record("not a call")
            return
        }
    }

    @Test func `an unknown encoding is told what there is`() {
        let answer = expectStatus(
            .unimplemented,
            RPCRequestHead.admit(head([("grpc-encoding", "snappy")]), limits: RPCLimits())
        )
        #expect(answer?.fields["grpc-accept-encoding"] == "identity,gzip")
    }

    @Test func `a malformed timeout, bad base64 and metadata over the limit are refused`() {
        _ = expectStatus(.internal, RPCRequestHead.admit(head([("grpc-timeout", "1s")]), limits: RPCLimits()))
        _ = expectStatus(.internal, RPCRequestHead.admit(head([("a-bin", "!")]), limits: RPCLimits()))
        let long = String(repeating: "x", count: 9000)
        _ = expectStatus(.resourceExhausted, RPCRequestHead.admit(head([("a", long)]), limits: RPCLimits()))
    }

    @Test func `only POST makes a call`() {
        guard case .refused(let answer) = RPCRequestHead.admit(head(method: "GET"), limits: RPCLimits()) else {
            Issue.record("not refused")
            return
        }
        #expect(answer.status == 405)
    }
}
