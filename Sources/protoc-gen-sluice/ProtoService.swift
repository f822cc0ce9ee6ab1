/// One service.
struct ProtoService {
    struct Method {
        let name: String
        let input: String
        let output: String
        let clientStreams: Bool
        let serverStreams: Bool
        let comment: [String]
    }

    let fullName: String
    let name: String
    let comment: [String]
    let methods: [Method]
}
