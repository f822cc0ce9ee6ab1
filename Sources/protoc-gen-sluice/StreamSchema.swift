/// How the answer of a streaming method is described: what one event, or one line of it, is. OpenAPI 3.1 has no word for a
/// sequence; that its schema is of one of these is what programs that make clients go by.
struct StreamSchema {
    let answer: DocumentNode
    let failure: DocumentNode

    /// One server-sent event by its fields.
    var event: DocumentNode {
        .object([
            ("description", .text("One event. One named end or error is the last.")),
            (
                "oneOf",
                .list([
                    event(nil, "An answer.", data: answer, more: [("id", .object([("type", .text("string"))]))]),
                    event("end", "The stream is over.", data: .object([("type", .text("object"))])),
                    event("error", "The stream failed.", data: failure),
                ])
            ),
        ])
    }

    /// One line of JSON.
    var line: DocumentNode {
        .object([
            ("description", .text("One line. An error is the last.")), ("oneOf", .list([answer, failure])),
        ])
    }

    private func event(
        _ name: String?,
        _ description: String,
        data: DocumentNode,
        more: [(String, DocumentNode)] = []
    ) -> DocumentNode {
        let kind: [(String, DocumentNode)] = name.map { [("event", .object([("const", .text($0))]))] } ?? []
        let content = DocumentNode.object([
            ("type", .text("string")), ("contentMediaType", .text("application/json")), ("contentSchema", data),
        ])
        let fields = more + kind + [("data", content)]
        return .object([
            ("description", .text(description)), ("type", .text("object")), ("properties", .object(fields)),
            ("required", .list(fields.map { .text($0.0) })), ("additionalProperties", .flag(false)),
        ])
    }
}
