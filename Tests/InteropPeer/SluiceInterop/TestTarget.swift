internal import NIOCore
internal import NIOPosix
internal import RPC

/// gRPC's official test service, as doc/interop-test-descriptions.md tells what a server does.
struct TestTarget: TestServiceServer {
    /// The largest payload that is made, in bytes.
    private static let maximumPayload: Int32 = 64 << 20

    func emptyCall(_ request: Empty, context: RPCServerContext) async throws -> Empty { Empty() }

    func unaryCall(_ request: SimpleRequest, context: RPCServerContext) async throws -> SimpleResponse {
        echoMetadata(context)
        try expectCompression(request.expectCompressed, context)
        try echoStatus(request.responseStatus)
        context.setCompression(request.responseCompressed?.value ?? false)
        var response = SimpleResponse()
        response.payload = try payload(request.responseSize)
        return response
    }

    func cacheableUnaryCall(_ request: SimpleRequest, context: RPCServerContext) async throws -> SimpleResponse {
        try await unaryCall(request, context: context)
    }

    func streamingOutputCall(
        _ request: StreamingOutputCallRequest,
        responses: RPCWriter<StreamingOutputCallResponse>,
        context: RPCServerContext
    ) async throws {
        echoMetadata(context)
        try await answer(request, responses, context)
    }

    func streamingInputCall(
        requests: RPCReader<StreamingInputCallRequest>,
        context: RPCServerContext
    ) async throws -> StreamingInputCallResponse {
        var response = StreamingInputCallResponse()
        while let request = try await requests.next() {
            try expectCompression(request.expectCompressed, context)
            response.aggregatedPayloadSize += Int32(request.payload?.body.count ?? 0)
        }
        return response
    }

    func fullDuplexCall(
        requests: RPCReader<StreamingOutputCallRequest>,
        responses: RPCWriter<StreamingOutputCallResponse>,
        context: RPCServerContext
    ) async throws {
        echoMetadata(context)
        while let request = try await requests.next() { try await answer(request, responses, context) }
    }

    func halfDuplexCall(
        requests: RPCReader<StreamingOutputCallRequest>,
        responses: RPCWriter<StreamingOutputCallResponse>,
        context: RPCServerContext
    ) async throws {
        for request in try await requests.all() { try await answer(request, responses, context) }
    }

    func unimplementedCall(_ request: Empty, context: RPCServerContext) async throws -> Empty {
        throw RPCError(.unimplemented, "no server implements this")
    }

    // MARK: Private

    private func answer(
        _ request: StreamingOutputCallRequest,
        _ responses: RPCWriter<StreamingOutputCallResponse>,
        _ context: RPCServerContext
    ) async throws {
        try echoStatus(request.responseStatus)
        if request.responseParameters.contains(where: { $0.compressed?.value == true }) { context.setCompression(true) }
        for parameters in request.responseParameters {
            if parameters.intervalUs > 0 {
                let loop = MultiThreadedEventLoopGroup.singleton.next()
                try await loop.scheduleTask(in: .microseconds(Int64(parameters.intervalUs))) {}.futureResult.get()
            }
            var response = StreamingOutputCallResponse()
            response.payload = try payload(parameters.size)
            try await responses.write(response, compressed: parameters.compressed?.value ?? false)
        }
    }

    private func payload(_ size: Int32) throws -> Payload {
        guard (0...Self.maximumPayload).contains(size) else {
            throw RPCError(.invalidArgument, "a payload of \(size) bytes is not made")
        }
        var payload = Payload()
        payload.body = Array(repeating: 0, count: Int(size))
        return payload
    }

    private func echoMetadata(_ context: RPCServerContext) {
        if let text = context.metadata.text("x-grpc-test-echo-initial") {
            var metadata = RPCMetadata()
            if (try? metadata.add("x-grpc-test-echo-initial", text)) != nil { context.setInitialMetadata(metadata) }
        }
        if let bytes = context.metadata.binary("x-grpc-test-echo-trailing-bin") {
            var metadata = RPCMetadata()
            if (try? metadata.add("x-grpc-test-echo-trailing-bin", bytes)) != nil { context.setTrailers(metadata) }
        }
    }

    private func echoStatus(_ status: EchoStatus?) throws {
        guard let status, status.code != 0 else { return }
        throw RPCError(RPCStatusCode(rawValue: Int(status.code)) ?? .unknown, status.message)
    }

    private func expectCompression(_ expected: BoolValue?, _ context: RPCServerContext) throws {
        guard let expected, expected.value != context.lastRequestWasCompressed else { return }
        throw RPCError(.invalidArgument, "the message is \(expected.value ? "not " : "")compressed")
    }
}
