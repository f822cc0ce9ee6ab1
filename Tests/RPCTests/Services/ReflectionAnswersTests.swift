import NIOCore
import Testing

@testable import RPC

struct ReflectionAnswersTests {
    private let answers = ReflectionAnswers(describing: [HealthService(RPCHealth())])

    private func answer(_ question: ReflectionRequest.Question?) throws -> ReflectionResponse.Answer? {
        var wire = ByteBuffer()
        ReflectionRequest(host: "h", question: question).encode(into: &wire)
        let request = try ReflectionRequest(protobuf: wire)
        #expect(request.question == question)
        var back = ByteBuffer()
        answers.answer(request).encode(into: &back)
        let response = try ReflectionResponse(protobuf: back)
        #expect(response.request.original == Array(wire.readableBytesView))
        return response.answer
    }

    @Test func `every service is listed, reflection itself too`() throws {
        let expected = [
            "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection",
        ]
        #expect(try answer(.services) == .services(expected))
    }

    @Test(arguments: [
        "grpc.health.v1.Health", "grpc.health.v1.Health.Check", "grpc.health.v1.HealthCheckRequest",
        "grpc.health.v1.HealthCheckRequest.service", "grpc.health.v1.HealthCheckResponse.ServingStatus",
        "grpc.health.v1.HealthCheckResponse.SERVING",
    ])
    func `a symbol leads to its file`(symbol: String) throws {
        #expect(try answer(.symbol(symbol)) == .files([ServiceDescriptors.health]))
    }

    @Test func `a file is found by name`() throws {
        #expect(try answer(.file("grpc/health/v1/health.proto")) == .files([ServiceDescriptors.health]))
    }

    @Test func `what is not there is an error inside the answer`() throws {
        let questions: [ReflectionRequest.Question] = [
            .file("none.proto"), .symbol("none"), .extensionNumbers(type: "none"),
            .fileOfExtension(type: "grpc.health.v1.HealthCheckRequest", number: 5),
        ]
        for question in questions {
            guard case .error(code: .notFound, _) = try answer(question) else {
                Issue.record("\(question) was answered")
                continue
            }
        }
        guard case .error(code: .invalidArgument, _) = try answer(nil) else {
            Issue.record("no question was answered")
            return
        }
    }

    @Test func `a message that is none is refused`() {
        for bytes: [UInt8] in [[0x1A, 5, 1], [0x1A], [0x07], [0x1A, 1, 0xFF], [0x80]] {
            #expect(throws: ProtobufError.self) { try ReflectionRequest(protobuf: ByteBuffer(bytes: bytes)) }
        }
    }
}
