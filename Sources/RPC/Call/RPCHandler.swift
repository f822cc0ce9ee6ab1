/// One method as a server runs it: its path, its kind, and the work, whatever the messages travel in.
package struct RPCHandler: Sendable {
    /// Where it is called, such as `/sluice.v1.Origins/CreateOrigin`.
    package let path: String
    /// Which sides stream.
    package let kind: RPCKind
    /// Reads from the source and sends to the sink. What it throws becomes the status.
    package let run:
        @Sendable (_ source: any RPCMessageSource, _ sink: any RPCMessageSink, RPCServerContext) async throws -> Void

    /// One message in, one out.
    package static func unary<Input, Output>(
        _ method: RPCMethod<Input, Output>,
        _ body: @escaping @Sendable (Input, RPCServerContext) async throws -> Output
    ) -> RPCHandler {
        precondition(method.kind == .unary, "\(method.path) is not unary")
        return RPCHandler(path: method.path, kind: .unary) { source, sink, context in
            let input = try await single(Input.self, from: source)
            context.settings.update { $0.request = input }
            let output = try await body(input, context)
            context.settings.update { $0.response = output }
            try await sink.send(output, compressed: nil)
        }
    }

    /// A stream in, one message out.
    package static func clientStreaming<Input, Output>(
        _ method: RPCMethod<Input, Output>,
        _ body: @escaping @Sendable (RPCReader<Input>, RPCServerContext) async throws -> Output
    ) -> RPCHandler {
        precondition(method.kind == .clientStreaming, "\(method.path) is not client streaming")
        return RPCHandler(path: method.path, kind: .clientStreaming) { source, sink, context in
            try await sink.send(try await body(RPCReader(source), context), compressed: nil)
        }
    }

    /// One message in, a stream out.
    package static func serverStreaming<Input, Output>(
        _ method: RPCMethod<Input, Output>,
        _ body: @escaping @Sendable (Input, RPCWriter<Output>, RPCServerContext) async throws -> Void
    ) -> RPCHandler {
        precondition(method.kind == .serverStreaming, "\(method.path) is not server streaming")
        return RPCHandler(path: method.path, kind: .serverStreaming) { source, sink, context in
            let input = try await single(Input.self, from: source)
            context.settings.update { $0.request = input }
            try await body(input, RPCWriter(sink), context)
        }
    }

    /// A stream in, a stream out.
    package static func bidirectional<Input, Output>(
        _ method: RPCMethod<Input, Output>,
        _ body: @escaping @Sendable (RPCReader<Input>, RPCWriter<Output>, RPCServerContext) async throws -> Void
    ) -> RPCHandler {
        precondition(method.kind == .bidirectional, "\(method.path) is not bidirectional")
        return RPCHandler(path: method.path, kind: .bidirectional) { source, sink, context in
            try await body(RPCReader(source), RPCWriter(sink), context)
        }
    }

    /// A gRPC call's machine has proven the message to be the only one; another source is held to the same.
    private static func single<Input: RPCMessage>(
        _ type: Input.Type,
        from source: any RPCMessageSource
    ) async throws -> Input {
        guard let input = try await source.next(type) else {
            throw RPCError(.unimplemented, "no request message")
        }
        guard try await source.next(type) == nil else {
            throw RPCError(.unimplemented, "more than one request message")
        }
        return input
    }
}
