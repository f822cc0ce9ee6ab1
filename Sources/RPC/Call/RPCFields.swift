package import HTTP

/// The protocol's own fields in HTTP heads and trailers, written and read in this one place.
extension HTTPResponseHead {
    /// The head that opens a response which has messages.
    static func responseHead(encoding: MessageEncoding, metadata: RPCMetadata) -> HTTPResponseHead {
        var fields = HTTPFields()
        fields.append("content-type", "application/grpc")
        if encoding != .identity { fields.append("grpc-encoding", encoding.rawValue) }
        fields.append("grpc-accept-encoding", MessageEncoding.acceptedList)
        fields.append(metadata)
        return HTTPResponseHead(status: 200, fields: fields)
    }

    /// The head that is a whole response (Trailers-Only): it lets a client retry, for nothing was committed.
    package static func trailersOnly(_ status: RPCStatus, metadata: RPCMetadata = RPCMetadata()) -> HTTPResponseHead {
        var fields = HTTPFields()
        fields.append("content-type", "application/grpc")
        if status.code == .unimplemented { fields.append("grpc-accept-encoding", MessageEncoding.acceptedList) }
        fields.append(status)
        fields.append(metadata)
        return HTTPResponseHead(status: 200, fields: fields)
    }
}

extension HTTPFields {
    /// The longest `grpc-message` sent, in bytes of its header form; what is longer is cut, for a peer drops the whole
    /// block when it is over its limit (8 KiB is usual).
    static let maximumStatusMessageBytes = 4096

    mutating func append(_ metadata: RPCMetadata) {
        for (name, value) in metadata.wireFields { append(name, value) }
    }

    mutating func append(_ status: RPCStatus) {
        append("grpc-status", String(status.code.rawValue))
        if !status.message.isEmpty {
            var text = PercentEncoding.encode(status.message)
            if text.utf8.count > Self.maximumStatusMessageBytes {
                text = String(text.prefix(Self.maximumStatusMessageBytes))
            }
            append("grpc-message", text)
        }
        if !status.details.isEmpty { append("grpc-status-details-bin", Base64.encode(status.details)) }
    }

    /// The status that stands in a trailer block, or nil where there is none.
    var rpcStatus: RPCStatus? {
        guard let text = self["grpc-status"] else { return nil }
        guard let code = RPCStatusCode(wire: text) else {
            return RPCStatus(.unknown, "grpc-status is not a number")
        }
        return RPCStatus(
            code,
            PercentEncoding.decode(self["grpc-message"] ?? ""),
            details: Base64.decode(self["grpc-status-details-bin"] ?? "") ?? []
        )
    }
}

extension RPCMetadata {
    /// Reads the application's part of a head or trailer block, within the limit.
    static func read(_ fields: HTTPFields, limits: RPCLimits) -> Result<RPCMetadata, RPCError> {
        var metadata = RPCMetadata()
        var size = 0
        for (name, value) in fields {
            size += name.utf8.count + value.utf8.count + 32
            guard size <= limits.maximumMetadataBytes else {
                let limit = limits.maximumMetadataBytes
                return .failure(RPCError(.resourceExhausted, "metadata larger than the limit of \(limit) bytes"))
            }
            guard metadata.wireFieldArrived(name: name, value: value) else {
                return .failure(RPCError(.internal, "binary metadata that is not base64"))
            }
        }
        return .success(metadata)
    }
}

extension HTTPRequestHead {
    /// The head of a call.
    static func callHead(path: String, scheme: String, authority: String, options: RPCCallOptions) -> HTTPRequestHead {
        var fields = HTTPFields()
        fields.append("content-type", "application/grpc")
        fields.append("te", "trailers")
        fields.append("user-agent", "grpc-sluice/1")
        fields.append("grpc-accept-encoding", MessageEncoding.acceptedList)
        if options.compresses { fields.append("grpc-encoding", MessageEncoding.gzip.rawValue) }
        if let timeout = options.timeout { fields.append("grpc-timeout", RPCTimeout.format(timeout)) }
        fields.append(options.metadata)
        return HTTPRequestHead(method: "POST", scheme: scheme, authority: authority, path: path, fields: fields)
    }
}
