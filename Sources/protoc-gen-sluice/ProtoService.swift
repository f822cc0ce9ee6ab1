/// One service.
struct ProtoService {
    struct Method {
        let name: String
        let input: String
        let output: String
        let clientStreams: Bool
        let serverStreams: Bool
        let comment: [String]

        /// Whether users call it: by the command line, as a resource.
        var isPublic: Bool { ProtoService.isPublic(comment) }
    }

    let fullName: String
    let name: String
    let comment: [String]
    let methods: [Method]

    /// Whether users call it; what they do not says so in its comment.
    var isPublic: Bool { Self.isPublic(comment) }

    private static func isPublic(_ comment: [String]) -> Bool {
        !comment.joined(separator: " ").contains("Not meant for users.")
    }
}
