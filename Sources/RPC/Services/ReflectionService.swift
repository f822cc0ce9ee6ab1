/// `ServerReflection` of one version: tells stock tools which services there are and what their messages look like.
struct ReflectionService<Version: ReflectionVersion>: RPCService {
    static var serviceName: String { Version.serviceName }
    static var fileDescriptors: [[UInt8]] { [Version.descriptor] }
    private let answers: ReflectionAnswers

    init(_ answers: ReflectionAnswers) {
        self.answers = answers
    }

    var handlers: [RPCHandler] {
        let method = RPCMethod<ReflectionRequest, ReflectionResponse>(
            service: Self.serviceName,
            name: "ServerReflectionInfo",
            kind: .bidirectional
        )
        return [
            .bidirectional(method) { [answers] requests, writer, _ in
                while let request = try await requests.next() {
                    try await writer.write(answers.answer(request))
                }
            }
        ]
    }
}
