internal import HTTP
internal import NIOPosix
internal import RPC

/// The server that a case talks to, and what cases check.
struct InteropServer: Sendable {
    let host: String
    let port: Int

    /// A connection and a client on it.
    func connect() async throws -> (connection: HTTPClient, client: RPCClient) {
        let connection = try await HTTPClient.connect(
            host: host,
            port: port,
            group: MultiThreadedEventLoopGroup.singleton
        )
        return (connection, RPCClient(http: connection, scheme: "http", authority: "\(host):\(port)"))
    }

    /// Runs `body` with a client, and closes its connection.
    func with(_ body: (RPCClient) async throws -> Void) async throws {
        let client = try await connect().client
        do { try await body(client) } catch {
            await client.close()
            throw error
        }
        await client.close()
    }

    /// The official large unary call: 271,828 bytes up, 314,159 down.
    static func largeUnary(_ client: RPCClient) async throws {
        let response = try await client.unary(TestServiceClient.Methods.unaryCall, largeRequest)
        try expect(response.payload == payload(314_159), "the response has another payload")
    }

    static var largeRequest: SimpleRequest {
        var request = SimpleRequest()
        request.responseSize = 314_159
        request.payload = payload(271_828)
        return request
    }

    static func payload(_ count: Int) -> Payload {
        var payload = Payload()
        payload.body = Array(repeating: 0, count: count)
        return payload
    }

    static func boolean(_ value: Bool) -> BoolValue {
        var boolean = BoolValue()
        boolean.value = value
        return boolean
    }

    static func parameters(_ size: Int32, compressed: Bool? = nil) -> ResponseParameters {
        var parameters = ResponseParameters()
        parameters.size = size
        parameters.compressed = compressed.map(boolean)
        return parameters
    }

    static func expect(_ holds: Bool, _ sentence: @autoclosure () -> String) throws {
        guard holds else { throw InteropFailure(sentence()) }
    }

    /// Fails unless `body` throws a status of that code, which is returned.
    @discardableResult
    static func expect(_ code: RPCStatusCode, _ body: () async throws -> Void) async throws -> RPCError {
        do { try await body() } catch let error as RPCError {
            try expect(error.code == code, "the status is \(error), not \(code.name)")
            return error
        }
        throw InteropFailure("the call ended well instead of with \(code.name)")
    }
}
