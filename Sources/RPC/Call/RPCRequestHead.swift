package import HTTP

/// What a server reads from the head of a call.
package struct RPCRequestHead: Hashable, Sendable {
    /// Such as `/sluice.v1.Origins/CreateOrigin`.
    package let path: String
    /// What the caller told beyond the protocol's own fields.
    package let metadata: RPCMetadata
    /// How long the caller waits, from now; nil for ever.
    package let timeout: Duration?
    /// What compressed request messages are compressed with.
    package let encoding: MessageEncoding
    /// Whether the caller takes gzip.
    package let acceptsGzip: Bool

    /// What to do with a request.
    package enum Admission: Hashable, Sendable {
        /// It is a call.
        case call(RPCRequestHead)
        /// It is not a gRPC request at all: somebody else may take it; else this answer goes.
        case foreign(HTTPResponseHead)
        /// It is a gRPC request that breaks the protocol: this answer goes, as the whole response.
        case refused(HTTPResponseHead)
    }

    /// Judges a request by its head alone.
    package static func admit(_ head: HTTPRequestHead, limits: RPCLimits) -> Admission {
        guard isGRPC(contentType: head.fields["content-type"] ?? "") else {
            return .foreign(HTTPResponseHead(status: 415, fields: HTTPFields()))
        }
        guard head.method == "POST" else {
            var fields = HTTPFields()
            fields.append("allow", "POST")
            return .refused(HTTPResponseHead(status: 405, fields: fields))
        }
        // Without it something on the way may drop trailers, and the status with them (PROTOCOL-HTTP2).
        guard head.fields.values(of: "te").contains(where: { $0.lowercased() == "trailers" }) else {
            return .refused(.trailersOnly(RPCStatus(.internal, "the request does not say 'te: trailers'")))
        }
        var timeout: Duration?
        if let text = head.fields["grpc-timeout"] {
            guard let parsed = RPCTimeout.parse(text) else {
                return .refused(.trailersOnly(RPCStatus(.internal, "malformed grpc-timeout")))
            }
            timeout = parsed <= limits.longestTimeout ? parsed : nil
        }
        let name = head.fields["grpc-encoding"] ?? MessageEncoding.identity.rawValue
        guard let encoding = MessageEncoding(rawValue: name) else {
            return .refused(.trailersOnly(RPCStatus(.unimplemented, "message encoding '\(name)' is not supported")))
        }
        switch RPCMetadata.read(head.fields, limits: limits) {
        case .failure(let error): return .refused(.trailersOnly(error.status))
        case .success(let metadata):
            return .call(
                RPCRequestHead(
                    path: head.path,
                    metadata: metadata,
                    timeout: timeout,
                    encoding: encoding,
                    acceptsGzip: MessageEncoding.gzip.isAccepted(by: head.fields["grpc-accept-encoding"] ?? "")
                )
            )
        }
    }

    /// `application/grpc`, alone, with `+proto`, or with parameters; not `application/grpc-web`.
    package static func isGRPC(contentType: String) -> Bool {
        let lowered = contentType.lowercased()
        guard lowered.hasPrefix("application/grpc") else { return false }
        let rest = lowered.dropFirst("application/grpc".count)
        return rest.isEmpty || rest.first == ";" || rest.first == " " || rest == "+proto" || rest.hasPrefix("+proto;")
    }
}
