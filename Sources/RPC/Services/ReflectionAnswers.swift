/// Answers reflection's questions about a fixed set of services. Errors are answers too, never a call's status.
struct ReflectionAnswers: Sendable {
    private let services: [String]
    private let index: DescriptorIndex

    /// Answers for `services` and for reflection itself.
    init(describing services: [any RPCService]) {
        let names = services.map { type(of: $0).serviceName }
        self.services = (names + [ReflectionVersion1.serviceName, ReflectionVersion1Alpha.serviceName]).sorted()
        let descriptors = services.flatMap { type(of: $0).fileDescriptors }
        self.index = DescriptorIndex(descriptors + [ReflectionVersion1.descriptor, ReflectionVersion1Alpha.descriptor])
    }

    func answer(_ request: ReflectionRequest) -> ReflectionResponse {
        ReflectionResponse(request: request, answer: answer(to: request.question))
    }

    private func answer(to question: ReflectionRequest.Question?) -> ReflectionResponse.Answer {
        switch question {
        case .services: return .services(services)
        case .file(let name):
            guard let files = index.closure(ofFile: name) else { return notFound("file \(name)") }
            return .files(files)
        case .symbol(let name):
            guard let files = index.closure(ofSymbol: name) else { return notFound("symbol \(name)") }
            return .files(files)
        case .extensionNumbers(let type):
            guard index.knows(type) else { return notFound("type \(type)") }
            return .extensionNumbers(type: type)
        case .fileOfExtension(let type, let number): return notFound("extension \(number) of \(type)")
        case nil: return .error(code: .invalidArgument, message: "the request asks nothing")
        }
    }

    private func notFound(_ what: String) -> ReflectionResponse.Answer {
        .error(code: .notFound, message: "\(what) not found")
    }
}
