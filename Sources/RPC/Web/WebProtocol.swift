internal import HTTP
internal import Units

/// The protocols that call a method by its gRPC path over plain HTTP, told apart by the content type.
enum WebProtocol: Hashable, Sendable {
    /// Connect, one message each way.
    case connectUnary(MessageCodec, contentType: String)
    /// Connect, streams.
    case connectStream(MessageCodec, contentType: String)
    case grpcWeb(isText: Bool)

    private static let unary: [String: MessageCodec] = ["application/json": .json, "application/proto": .protobuf]
    private static let stream: [String: MessageCodec] = [
        "application/connect+json": .json, "application/connect+proto": .protobuf,
    ]
    private static let web: [String: Bool] = [
        "application/grpc-web": false, "application/grpc-web+proto": false,
        "application/grpc-web-text": true, "application/grpc-web-text+proto": true,
    ]

    /// Nil for a content type of something else.
    init?(contentType: String) {
        let type = String(contentType.prefix { $0 != ";" }.filter { $0 != " " })
        if let codec = Self.unary[type] {
            self = .connectUnary(codec, contentType: type)
        } else if let codec = Self.stream[type] {
            self = .connectStream(codec, contentType: type)
        } else if let isText = Self.web[type] {
            self = .grpcWeb(isText: isText)
        } else {
            return nil
        }
    }

    /// What a method takes, for the answer to a content type that it does not.
    static func contentTypes(of kind: RPCKind) -> String {
        let connect = kind == .unary ? unary : stream
        return (connect.keys.sorted() + web.keys.sorted() + ["application/grpc"]).joined(separator: ", ")
    }

    var codec: MessageCodec {
        switch self {
        case .connectUnary(let codec, _), .connectStream(let codec, _): codec
        case .grpcWeb: .protobuf
        }
    }

    /// Whether errors go into the body's frames, with status 200.
    var isStreaming: Bool { if case .connectUnary = self { false } else { true } }

    func fits(_ kind: RPCKind) -> Bool {
        switch self {
        case .connectUnary: kind == .unary
        case .connectStream: kind != .unary
        case .grpcWeb: true
        }
    }

    /// Reads what the head says of the call.
    func admit(_ head: HTTPRequestHead, path: String, limits: RPCLimits) -> Result<RPCRequestHead, RPCError> {
        let encodingField: String
        let acceptField: String
        var timeout: Duration?
        switch self {
        case .connectUnary: (encodingField, acceptField) = ("content-encoding", "")
        case .connectStream: (encodingField, acceptField) = ("connect-content-encoding", "connect-accept-encoding")
        case .grpcWeb: (encodingField, acceptField) = ("grpc-encoding", "grpc-accept-encoding")
        }
        if let version = head.fields["connect-protocol-version"], version != "1" {
            return .failure(RPCError(.invalidArgument, "connect-protocol-version is 1"))
        }
        if case .grpcWeb = self {
            if let text = head.fields["grpc-timeout"] {
                guard let parsed = RPCTimeout.parse(text) else {
                    return .failure(RPCError(.internal, "malformed grpc-timeout"))
                }
                timeout = parsed
            }
        } else if let text = head.fields["connect-timeout-ms"] {
            guard (1...10).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }),
                let milliseconds = Int64(text)
            else { return .failure(RPCError(.invalidArgument, "connect-timeout-ms is up to ten digits")) }
            timeout = .milliseconds(milliseconds)
        }
        let name = head.fields[encodingField]?.lowercased() ?? MessageEncoding.identity.rawValue
        guard let encoding = MessageEncoding(rawValue: name) else {
            return .failure(RPCError(.unimplemented, "message encoding '\(name)' is not supported; there is gzip"))
        }
        return RPCMetadata.read(head.fields, limits: limits).map { metadata in
            RPCRequestHead(
                path: path,
                metadata: metadata,
                timeout: timeout.flatMap { $0 <= limits.longestTimeout ? $0 : nil },
                // A unary body is compressed as a body, and its frame inside is not.
                encoding: isStreaming ? encoding : .identity,
                acceptsGzip: MessageEncoding.gzip.isAccepted(by: head.fields[acceptField] ?? "")
            )
        }
    }
}
