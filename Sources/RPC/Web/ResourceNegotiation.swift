internal import HTTP

/// Whether a resource can be asked for and given in the form that the caller wants.
enum ResourceNegotiation {
    /// Why not; nil where it can.
    static func refusal(_ head: HTTPRequestHead, kind: RPCKind, hasBody: Bool) -> (status: RPCStatus, http: Int)? {
        let accept = MediaRange(head.fields.values(of: "accept"))
        let forms =
            kind.hasSingleResponse
            ? ["application/json"]
            : [
                ResourceStreamWire.Form.events.rawValue, ResourceStreamWire.Form.lines.rawValue, "application/json",
            ]
        guard forms.contains(where: accept.takes) else {
            return (RPCStatus(.invalidArgument, "the answer is \(forms.joined(separator: " or "))"), 406)
        }
        guard hasBody else { return nil }
        if let type = head.fields["content-type"] {
            let bare = type.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
            guard bare == "application/json" else {
                return (RPCStatus(.invalidArgument, "the body is application/json, not '\(bare)'"), 415)
            }
        }
        let encoding = head.fields["content-encoding"]?.lowercased() ?? "identity"
        guard MessageEncoding(rawValue: encoding) != nil else {
            return (RPCStatus(.invalidArgument, "the body is plain or gzip, not '\(encoding)'"), 415)
        }
        return nil
    }

    /// Server-sent events where they are asked for by name; else a message a line.
    static func form(_ head: HTTPRequestHead) -> ResourceStreamWire.Form {
        MediaRange(head.fields.values(of: "accept")).names("text/event-stream") ? .events : .lines
    }
}

extension RPCRequestHead {
    /// The head of a call without metadata.
    init(path: String) {
        self.init(path: path, metadata: RPCMetadata(), timeout: nil, encoding: .identity, acceptsGzip: false)
    }

    /// The head of a call that came as a resource; `grpc-timeout` holds here too.
    init(resource path: String, _ head: HTTPRequestHead, limits: RPCLimits) throws(RPCError) {
        var timeout: Duration?
        if let text = head.fields["grpc-timeout"] {
            guard let parsed = RPCTimeout.parse(text) else {
                throw RPCError(.invalidArgument, "malformed grpc-timeout")
            }
            timeout = parsed <= limits.longestTimeout ? parsed : nil
        }
        self.init(
            path: path,
            metadata: try RPCMetadata.read(head.fields, limits: limits).get(),
            timeout: timeout,
            encoding: .identity,
            acceptsGzip: false
        )
    }
}
