/// How proto names read in Swift and in protobuf-c's C.
enum Names {
    /// `OriginLimits` of `sluice.v1.OriginLimits`; Swift has a Duration of its own.
    static func type(_ fullName: String) -> String {
        if fullName == "google.protobuf.Duration" { return "ProtoDuration" }
        // A type inside another has the names of both.
        return fullName.split(separator: ".").drop { $0.first?.isLowercase ?? true }.joined()
    }

    /// `baseUrls` of `base_urls`: lowerCamelCase, as proto3's JSON has it.
    static func json(_ field: String) -> String {
        var name = ""
        var raise = false
        for character in field {
            if character == "_" {
                raise = true
            } else {
                name += raise ? character.uppercased() : String(character)
                raise = false
            }
        }
        return name
    }

    /// A property or case name, escaped where it is a word of Swift's.
    static func property(_ field: String) -> String {
        let name = json(field)
        // Every message has properties of these names already.
        if ["json", "encoded", "hashValue"].contains(name) { return name + "Field" }
        return swiftWords.contains(name) ? "`\(name)`" : name
    }

    /// `pending` of `TASK_STATE_PENDING` in `TaskState`.
    static func enumCase(_ value: String, of type: String) -> String {
        let prefix = snake(type).uppercased() + "_"
        let rest = (value.hasPrefix(prefix) ? String(value.dropFirst(prefix.count)) : value).lowercased()
        // A name cannot begin with a digit, and digits beside each other would run into one: `_1_1` of `VERSION_1_1`.
        if rest.first?.isNumber ?? false { return "_\(rest)" }
        // What every enum has of its own.
        if ["unrecognized", "names", "init", "json"].contains(rest) { return "\(rest)Value" }
        return property(rest)
    }

    /// A field's name in the struct that protoc-c makes: words of C and C++ get an underscore.
    static func cField(_ field: String) -> String {
        let name = field.lowercased()
        if cWords.contains(name) { return name + "_" }
        return swiftWords.contains(name) ? "`\(name)`" : name
    }

    /// The field that counts the values of a repeated one.
    static func cCount(_ field: String) -> String {
        let name = field.lowercased()
        return "n_" + (cWords.contains(name) ? name + "_" : name)
    }

    private static let swiftWords: Set<String> = [
        "as", "associatedtype", "break", "case", "catch", "class", "continue", "default", "defer", "deinit", "do",
        "else",
        "enum", "extension", "fallthrough", "false", "fileprivate", "for", "func", "guard", "if", "import", "in",
        "init",
        "inout", "internal", "is", "let", "nil", "operator", "precedencegroup", "private", "protocol", "public",
        "repeat",
        "rethrows", "return", "self", "static", "struct", "subscript", "super", "switch", "throw", "throws", "true",
        "try",
        "typealias", "var", "where", "while",
    ]
    /// The list of protobuf-c 1.4's `c_helpers.cc`.
    private static let cWords: Set<String> = [
        "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case", "catch", "char", "class", "compl",
        "const", "const_cast", "continue", "default", "delete", "do", "double", "dynamic_cast", "else", "enum",
        "explicit",
        "extern", "false", "float", "for", "friend", "goto", "if", "inline", "int", "long", "mutable", "namespace",
        "new",
        "not", "not_eq", "operator", "or", "or_eq", "private", "protected", "public", "register", "reinterpret_cast",
        "return", "short", "signed", "sizeof", "static", "static_cast", "struct", "switch", "template", "this", "throw",
        "true", "try", "typedef", "typeid", "typename", "union", "unsigned", "using", "virtual", "void", "volatile",
        "wchar_t", "while", "xor", "xor_eq",
    ]

    /// The enum of a oneof's members: `Identity` of `identity`.
    static func oneofType(_ oneof: String) -> String {
        let name = json(oneof)
        return name.prefix(1).uppercased() + name.dropFirst()
    }

    /// `get-usage`, `task_state`: words of a camel-case name. Capitals in a row are one word: `API`, `Key` of `APIKey`.
    static func words(_ name: String) -> [String] {
        var words: [String] = []
        let characters = Array(name)
        for (index, character) in characters.enumerated() {
            let behind = index + 1 < characters.count ? characters[index + 1] : nil
            let starts =
                index == 0
                || character.isUppercase && (!characters[index - 1].isUppercase || behind?.isLowercase ?? false)
            if starts { words.append("") }
            words[words.count - 1] += character.lowercased()
        }
        return words
    }

    /// The words of a resource's collection: `origins`, `api tokens`, `policies`.
    static func plural(_ words: [String]) -> [String] {
        guard let last = words.last else { return [] }
        let end: String
        if last.hasSuffix("y"), !["a", "e", "o", "u"].contains(where: { last.dropLast().hasSuffix($0) }) {
            end = last.dropLast() + "ies"
        } else {
            end = last + (["s", "x", "ch", "sh"].contains { last.hasSuffix($0) } ? "es" : "s")
        }
        return words.dropLast() + [end]
    }

    /// `apiTokens`.
    static func lowerCamel(_ words: [String]) -> String { json(words.joined(separator: "_")) }

    static func snake(_ name: String) -> String { words(name).joined(separator: "_") }

    /// `Sluice__V1__OriginLimits`.
    static func cType(_ fullName: String) -> String {
        fullName.split(separator: ".").map { part in
            Names.json(String(part)).prefix(1).uppercased() + Names.json(String(part)).dropFirst()
        }.joined(separator: "__")
    }

    /// `sluice__v1__origin_limits`.
    static func cFunction(_ fullName: String) -> String {
        fullName.split(separator: ".").map { part in
            var text = ""
            var wasUpper = true
            for character in part {
                if character.isUppercase, !wasUpper { text += "_" }
                text += character.lowercased()
                wasUpper = character.isUppercase
            }
            return text
        }.joined(separator: "__")
    }

    /// A method or function name: `createOrigin`.
    static func function(_ name: String) -> String { name.prefix(1).lowercased() + name.dropFirst() }
}
