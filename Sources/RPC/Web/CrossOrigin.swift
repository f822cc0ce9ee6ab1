internal import HTTP
internal import Units

/// Which pages may call from a browser (WHATWG Fetch, "CORS protocol").
struct CrossOrigin: Sendable {
    /// What a request's `origin` field comes to.
    enum Verdict: Hashable {
        /// No browser asks, or a page of this very server.
        case own
        /// A page that may; its answers carry these fields.
        case allowed(HTTPFields)
        /// A page that may not.
        case foreign
    }
    private let allowed: Set<String>
    private let isOpen: Bool
    private let preflightSeconds: Int
    private static let exposed =
        "grpc-status, grpc-message, grpc-status-details-bin, grpc-encoding, connect-content-encoding, content-encoding"

    init(allowedOrigins: [String], lifetime: Duration) {
        allowed = Set(allowedOrigins.map { $0.lowercased() })
        isOpen = allowed.contains("*")
        preflightSeconds = Int(lifetime / .seconds(1))
    }

    /// Judges a request.
    func verdict(_ head: HTTPRequestHead) -> Verdict {
        guard let origin = head.fields["origin"] else { return .own }
        let lowered = origin.lowercased()
        if !head.authority.isEmpty, lowered == "\(head.scheme)://\(head.authority)".lowercased() { return .own }
        guard isOpen || allowed.contains(lowered) else { return .foreign }
        var fields = HTTPFields()
        fields.append("access-control-allow-origin", isOpen ? "*" : origin)
        fields.append("access-control-expose-headers", Self.exposed)
        return .allowed(fields)
    }

    /// The answer to a preflight of a page that may; `allow` names the methods.
    func preflight(_ head: HTTPRequestHead, allow: String) -> HTTPFields {
        var fields = HTTPFields()
        fields.append("access-control-allow-methods", allow)
        // What the page asks to send is echoed: metadata may have any name. It is a field value, so it is clean.
        if let asked = head.fields["access-control-request-headers"] {
            fields.append("access-control-allow-headers", asked)
        }
        fields.append("access-control-max-age", "\(preflightSeconds)")
        return fields
    }
}
