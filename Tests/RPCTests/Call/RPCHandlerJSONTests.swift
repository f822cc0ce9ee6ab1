import Synchronization
import Testing

@testable import RPC

struct RPCHandlerJSONTests {
    private let check = HealthService(RPCHealth()).handlers.first { $0.path.hasSuffix("/Check") }

    private func call(_ requests: [JSONValue]) async throws -> [JSONValue] {
        let found = Mutex<[JSONValue]>([])
        let handler = try #require(check)
        try await handler.callJSON(requests, context: RPCServerContext(path: handler.path)) { json in
            found.withLock { $0.append(json) }
        }
        return found.withLock { $0 }
    }

    @Test func `a handler answers JSON as it answers gRPC`() async throws {
        #expect(try await call([.members([])]) == [.members([("status", .string("SERVING"))])])
    }

    @Test func `what goes wrong is a status too`() async throws {
        await #expect(throws: RPCError(.notFound, "unknown service none")) {
            _ = try await call([.members([("service", .string("none"))])])
        }
        await #expect(throws: RPCError(.unimplemented, "no request message")) { _ = try await call([]) }
        await #expect(throws: RPCError(.unimplemented, "more than one request message")) {
            _ = try await call([.members([]), .members([])])
        }
        await #expect(throws: RPCError.self) { _ = try await call([.string("no object")]) }
    }
}
