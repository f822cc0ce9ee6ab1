internal import RPC
internal import Units

/// Reads the value of one flag as its field's JSON.
struct FlagValue {
    let flag: FlagDescription
    let readFile: (String) throws(UserError) -> [UInt8]

    func read(_ text: String) throws(UserError) -> JSONValue { try read(text, flag.kind) }

    private func read(_ text: String, _ kind: FlagDescription.Kind) throws(UserError) -> JSONValue {
        switch kind {
        case .string: return .string(text)
        case .integer:
            guard Int64(text) != nil || UInt64(text) != nil else { throw wrong("is a whole number, not \(text)") }
            return .string(text)
        case .time:
            do throws(ProtobufError) {
                return try Timestamp(json: .string(text)).json
            } catch {
                throw wrong("is a time such as 2026-11-25T12:00:00Z or 2026-11-25T13:00:00+01:00, not \(text)")
            }
        case .size: return .string("\(try HumanUnits.bytes(text, "--\(flag.name)"))")
        case .duration: return ProtoDuration(try HumanUnits.duration(text, "--\(flag.name)")).json
        case .number:
            guard let number = Double(text) else { throw wrong("is a number, not \(text)") }
            return .number(number)
        case .boolean, .presence:
            guard text == "true" || text == "false" else { throw wrong("is true or false, not \(text)") }
            if kind == .boolean { return .boolean(text == "true") }
            return text == "true" ? .object([]) : .null
        case .pair: return try pair(text) { value throws(UserError) in .string(value) }
        case .map(let values): return try pair(text) { value throws(UserError) in try read(value, values) }
        case .file: return JSONCoding.json(try readFile(text))
        case .json:
            do throws(ProtobufError) {
                return try JSONParser.parse(text)
            } catch {
                throw UserError(.invalidArgument, "--\(flag.name): \(error)")
            }
        case .choice(let choices):
            let wanted = text.lowercased().replacing("_", with: "-")
            guard let choice = choices.first(where: { $0.name == wanted || $0.value == text }) else {
                throw wrong("is one of \(choices.map(\.name).joined(separator: ", ")), not \(text)")
            }
            return .string(choice.value)
        }
    }

    private func pair(
        _ text: String,
        _ read: (String) throws(UserError) -> JSONValue
    ) throws(UserError) -> JSONValue {
        guard let equals = text.firstIndex(of: "=") else { throw wrong("is key=value, not \(text)") }
        let value = try read(String(text[text.index(after: equals)...]))
        return .members([("key", .string(String(text[..<equals]))), ("value", value)])
    }

    private func wrong(_ what: String) -> UserError { UserError(.invalidArgument, "--\(flag.name) \(what)") }
}
