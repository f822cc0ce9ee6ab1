/// Finds what the emitters cannot make of the messages of an API.
struct MessageCheck {
    /// The files that code is made of.
    let made: [ProtoFile]

    /// The types of Google's own that have a JSON form of ours.
    private static let known: Set<String> = ["google.protobuf.Duration", "google.protobuf.Timestamp"]

    /// A sentence for each; empty where all can be made.
    func sentences() -> [String] {
        let messages = made.filter { !$0.package.hasPrefix("google.protobuf") }.flatMap(\.messages)
        let byName = Dictionary(messages.map { ($0.fullName, $0) }) { first, _ in first }
        return messages.flatMap { message -> [String] in
            message.fields.compactMap { fault($0, in: message, byName) } + shadows(message)
                + (holdsItself(message, byName)
                    ? ["\(message.fullName) holds itself; messages have to end somewhere"] : [])
        } + sameNames() + made.flatMap(\.services).flatMap { faults(in: $0, byName) }
    }

    /// Types that would have one name in Swift.
    private func sameNames() -> [String] {
        var first: [String: String] = [:]
        return made.flatMap { $0.messages.map(\.fullName) + $0.enums.map(\.fullName) }.compactMap { name in
            guard let other = first.updateValue(name, forKey: Names.type(name)) else { return nil }
            return "\(other) and \(name) would both be \(Names.type(name)) in Swift; rename one"
        }
    }

    /// Oneofs whose own type in Swift would hide that of a field.
    private func shadows(_ message: ProtoMessage) -> [String] {
        message.oneofs.compactMap { oneof in
            let hidden = message.fields.contains { field in
                switch field.kind {
                case .message(let type), .enumeration(let type): Names.type(type) == Names.oneofType(oneof.name)
                default: false
                }
            }
            return hidden
                ? "\(message.fullName): the oneof \(oneof.name) has the name of a field's type; rename it" : nil
        }
    }

    private func faults(in service: ProtoService, _ messages: [String: ProtoMessage]) -> [String] {
        service.methods.flatMap { method -> [String] in
            let place = "\(service.name).\(method.name)"
            var faults = [method.input, method.output].filter { messages[$0] == nil }.map { type in
                "\(place) takes or gives a \(type); give the method a request and a response of its own"
            }
            if method.clientStreams, service.isPublic, method.isPublic, isVersioned(service) {
                faults.append(
                    "\(place) takes a stream, which neither a command nor a route can give; say in its comment that it is"
                        + " \"Not meant for users.\""
                )
            }
            return faults
        }
    }

    /// Whether a service is of an API: others are made without commands and routes.
    private func isVersioned(_ service: ProtoService) -> Bool {
        made.contains { file in file.version != nil && file.services.contains { $0.fullName == service.fullName } }
    }

    private func fault(
        _ field: ProtoField,
        in message: ProtoMessage,
        _ messages: [String: ProtoMessage]
    ) -> String? {
        let place = "\(message.fullName).\(field.name)"
        if field.name == "base" { return "\(place): protobuf-c has a field of that name in every message; rename it" }
        guard case .message(let type) = field.kind, messages[type] == nil, !Self.known.contains(type) else {
            return nil
        }
        guard type.hasPrefix("google.protobuf.") else { return "\(place) is a \(type), whose file is not given" }
        return "\(place) is a \(type); of Google's own types there are Duration and Timestamp only"
    }

    private func holdsItself(_ message: ProtoMessage, _ messages: [String: ProtoMessage]) -> Bool {
        var seen: Set<String> = []
        var waiting = [message]
        while let next = waiting.popLast() {
            for case .message(let type) in next.fields.map(\.kind) {
                if type == message.fullName { return true }
                if seen.insert(type).inserted, let inner = messages[type] { waiting.append(inner) }
            }
        }
        return false
    }
}
