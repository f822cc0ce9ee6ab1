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
            message.fields.compactMap { fault($0, in: message, byName) }
                + (holdsItself(message, byName)
                    ? ["\(message.fullName) holds itself; messages have to end somewhere"] : [])
        }
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
