internal import RPC
internal import Units

/// Reads the value of one flag as its field's JSON.
struct FlagValue {
    let flag: FlagDescription
    let readFile: (String) throws(UserError) -> [UInt8]

    func read(_ text: String) throws(UserError) -> JSONValue {
        switch flag.kind {
        case .string, .integer, .time: return .string(text)
        case .size: return .string("\(try HumanUnits.bytes(text, "--\(flag.name)"))")
        case .duration: return ProtoDuration(try HumanUnits.duration(text, "--\(flag.name)")).json
        case .number:
            guard let number = Double(text) else { throw UserError(.invalidArgument, "--\(flag.name) is a number") }
            return .number(number)
        case .boolean:
            guard text == "true" || text == "false" else {
                throw UserError(.invalidArgument, "--\(flag.name) is true or false")
            }
            return .boolean(text == "true")
        case .pair, .map:
            guard let equals = text.firstIndex(of: "=") else {
                throw UserError(.invalidArgument, "--\(flag.name) is key=value")
            }
            let key = String(text[..<equals])
            return .members([("key", .string(key)), ("value", .string(String(text[text.index(after: equals)...])))])
        case .file: return JSONCoding.json(try readFile(text))
        case .json:
            do {
                return try JSONParser.parse(text)
            } catch {
                throw UserError(.invalidArgument, "--\(flag.name): \(error)")
            }
        case .choice(let choices):
            let wanted = text.lowercased().replacing("_", with: "-")
            guard let choice = choices.first(where: { $0.name == wanted || $0.value == text }) else {
                let names = choices.map(\.name).joined(separator: ", ")
                throw UserError(.invalidArgument, "--\(flag.name) is one of \(names)")
            }
            return .string(choice.value)
        }
    }
}
