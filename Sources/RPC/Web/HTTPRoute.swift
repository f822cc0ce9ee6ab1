/// One method as plain HTTP reaches it, in a resource layout by the naming rules of AIP-131 to 136.
package struct HTTPRoute: Sendable {
    /// A field of the request that stands in the query.
    package struct Parameter: Hashable, Sendable {
        /// The field's place in the request's JSON.
        package let path: [String]
        package let isRepeated: Bool
        /// Whether its values are `true` and `false`.
        package let isBoolean: Bool

        package init(_ path: [String], isRepeated: Bool = false, isBoolean: Bool = false) {
            self.path = path
            self.isRepeated = isRepeated
            self.isBoolean = isBoolean
        }
    }
    /// What the body of the request is.
    package enum Body: Hashable, Sendable {
        /// It has none.
        case none
        /// The request's fields that are not in the path.
        case whole
        /// One field of the request.
        case field(String)
    }
    /// A part of the path between slashes.
    enum Segment: Hashable {
        case literal(String)
        /// The value of the field at this place in the request's JSON.
        case field([String])
    }

    /// Such as `POST`.
    package let method: String
    /// Such as `/v1/distributions/{name}:cancel`.
    package let template: String
    package let body: Body
    /// The field of the response that is the answer; nil for the whole response.
    package let responseField: String?
    package let parameters: [Parameter]
    /// The path of the method in gRPC, such as `/sluice.v1.DistributionService/CancelDistribution`.
    package let rpc: String
    let segments: [Segment]
    /// Such as `cancel`; empty for none.
    let verb: String

    /// A route; generated code makes these.
    package init(
        method: String,
        template: String,
        body: Body = .none,
        responseField: String? = nil,
        parameters: [Parameter] = [],
        rpc: String
    ) {
        self.method = method
        self.template = template
        self.body = body
        self.responseField = responseField
        self.parameters = parameters
        self.rpc = rpc
        let parts = template.split(separator: ":", maxSplits: 1)
        precondition(template.hasPrefix("/") && (1...2).contains(parts.count), "\(template) is not a template")
        verb = parts.count == 2 ? String(parts[1]) : ""
        segments = parts[0].split(separator: "/").map { part in
            guard part.hasPrefix("{"), part.hasSuffix("}") else { return .literal(String(part)) }
            return .field(part.dropFirst().dropLast().split(separator: ".").map(String.init))
        }
    }

    /// The values of the path's fields, still percent-encoded; nil where the path is not of this route.
    func match(_ path: Substring) -> [(field: [String], value: Substring)]? {
        var path = path
        if !verb.isEmpty {
            guard path.hasSuffix(":" + verb) else { return nil }
            path = path.dropLast(verb.count + 1)
        }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        guard path.hasPrefix("/"), parts.count == segments.count else { return nil }
        var values: [([String], Substring)] = []
        for (segment, part) in zip(segments, parts) {
            switch segment {
            case .literal(let text): guard part == text else { return nil }
            case .field(let field):
                guard !part.isEmpty else { return nil }
                values.append((field, part))
            }
        }
        return values
    }
}
