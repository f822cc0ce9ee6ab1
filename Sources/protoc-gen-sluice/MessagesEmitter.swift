/// Writes the Swift value types of a proto file and their conversion to and from protobuf-c's structs.
struct MessagesEmitter {
    let file: ProtoFile
    /// Every file of the request, for the enums that fields are of.
    let all: [ProtoFile]

    func emit() -> String {
        var source = SourceText(
            from: file.name,
            imports: [
                "internal import CProtobufC", "internal import CSluiceProto", "package import NIOCore",
                "package import RPC",
            ]
        )
        for enumeration in file.enums { emit(enumeration, &source) }
        for message in file.messages {
            emitStruct(message, &source)
            emitCoding(message, &source)
            emitDecoding(message, &source)
            emitEncoding(message, &source)
        }
        return source.text
    }

    private func emit(_ enumeration: ProtoEnum, _ source: inout SourceText) {
        let type = Names.type(enumeration.fullName)
        source.line()
        source.comment(enumeration.comment, otherwise: "`\(enumeration.fullName)`.")
        source.block("package enum \(type): Hashable, Sendable") { source in
            for value in enumeration.distinct {
                source.comment(value.comment, otherwise: "`\(value.name)`.")
                source.line("case \(Names.enumCase(value.name, of: type))")
            }
            source.comment([], otherwise: "A value that this build does not know.")
            source.line("case unrecognized(Int32)")
            source.line()
            for (alias, value) in enumeration.aliases {
                source.comment(alias.comment, otherwise: "`\(alias.name)`.")
                let other = Names.enumCase(value.name, of: type)
                source.line("package static var \(Names.enumCase(alias.name, of: type)): \(type) { .\(other) }")
            }
            source.comment([], otherwise: "The names in the proto, with their numbers.")
            source.line("package static let names: [(String, Int32)] = [")
            source.indented { source in
                for value in enumeration.values { source.line("(\"\(value.name)\", \(value.number)),") }
            }
            source.line("]")
            source.line()
            source.comment([], otherwise: "The value of a number on the wire.")
            source.block("package init(rawValue: Int32)") { source in
                source.line("switch rawValue {")
                for value in enumeration.distinct {
                    source.line("case \(value.number): self = .\(Names.enumCase(value.name, of: type))")
                }
                source.line("default: self = .unrecognized(rawValue)")
                source.line("}")
            }
            source.comment([], otherwise: "The number on the wire.")
            source.block("package var rawValue: Int32") { source in
                source.line("switch self {")
                for value in enumeration.distinct {
                    source.line("case .\(Names.enumCase(value.name, of: type)): \(value.number)")
                }
                source.line("case .unrecognized(let number): number")
                source.line("}")
            }
            source.comment([], otherwise: "The name in JSON; a number where this build knows no name.")
            source.block("package var json: JSONValue") { source in
                source.line("let number = rawValue")
                source.line(
                    "return Self.names.first { $0.1 == number }.map { .string($0.0) } ?? .integer(Int64(number))"
                )
            }
        }
    }

    private func swiftType(_ field: ProtoField) -> String {
        let type =
            switch field.kind {
            case .boolean: "Bool"
            case .int32: "Int32"
            case .int64: "Int64"
            case .uint32: "UInt32"
            case .uint64: "UInt64"
            case .double: "Double"
            case .float: "Float"
            case .string: "String"
            case .bytes: "[UInt8]"
            case .message(let name), .enumeration(let name): Names.type(name)
            }
        return field.isRepeated ? "[\(type)]" : type
    }

    private func declaration(_ field: ProtoField) -> (type: String, initial: String) {
        let type = swiftType(field)
        if field.isRepeated { return (type, "[]") }
        return switch field.kind {
        case .boolean: (type, "false")
        case .string: (type, "\"\"")
        case .bytes: (type, "[]")
        case .message: (type + "?", "nil")
        case .enumeration(let name): (type, ".\(zero(of: name))")
        default: (type, "0")
        }
    }

    /// The case of number 0, which proto3 wants every enum to have.
    private func zero(of name: String) -> String {
        let enumeration = all.lazy.flatMap(\.enums).first { $0.fullName == name }
        guard let value = enumeration?.values.first(where: { $0.number == 0 }) else { return "unspecified" }
        return Names.enumCase(value.name, of: Names.type(name))
    }

    private func plain(_ message: ProtoMessage) -> [ProtoField] { message.fields.filter { $0.oneof == nil } }

    private func members(_ message: ProtoMessage, of oneof: Int) -> [ProtoField] {
        message.fields.filter { $0.oneof == oneof }
    }

    private func oneofType(_ oneof: ProtoOneof) -> String { Names.oneofType(oneof.name) }

    private func emitStruct(_ message: ProtoMessage, _ source: inout SourceText) {
        source.line()
        source.comment(message.comment, otherwise: "`\(message.fullName)`.")
        source.block("package struct \(Names.type(message.fullName)): Hashable, Sendable") { source in
            for (index, oneof) in message.oneofs.enumerated() {
                source.comment(oneof.comment, otherwise: "`\(oneof.name)`.")
                source.block("package enum \(oneofType(oneof)): Hashable, Sendable") { source in
                    for field in members(message, of: index) {
                        source.comment(field.comment, otherwise: "`\(field.name)`.")
                        source.line("case \(Names.property(field.name))(\(swiftType(field)))")
                    }
                }
            }
            for field in plain(message) {
                let (type, initial) = declaration(field)
                source.comment(field.comment, otherwise: "`\(field.name)`.")
                source.line("package var \(Names.property(field.name)): \(type) = \(initial)")
            }
            for oneof in message.oneofs {
                source.comment(oneof.comment, otherwise: "`\(oneof.name)`.")
                source.line("package var \(Names.property(oneof.name)): \(oneofType(oneof))?")
            }
            source.line()
            source.comment([], otherwise: "Every field at its default.")
            source.line("package init() {}")
        }
    }

    private func emitCoding(_ message: ProtoMessage, _ source: inout SourceText) {
        let type = Names.type(message.fullName)
        let function = Names.cFunction(message.fullName)
        source.line()
        source.block("extension \(type)\(message.isNested ? "" : ": RPCMessage")") { source in
            source.comment([], otherwise: "The full proto name.")
            source.line("package static let fullName = \"\(message.fullName)\"")
            guard !message.isNested else { return }
            source.line()
            source.comment([], otherwise: "Decodes the wire format.")
            source.block("package init(protobuf: ByteBuffer) throws(ProtobufError)") { source in
                source.line("self = try unsafe ProtobufC.decode(")
                source.indented { source in
                    source.line("protobuf,")
                    source.line("Self.fullName,")
                    source.line("unpack: { unsafe \(function)__unpack($0, $1, $2) },")
                    source.line("convert: { (c) throws(ProtobufError) in try unsafe Self(c: c) }")
                }
                source.line(")")
            }
            source.line()
            source.comment([], otherwise: "Appends the wire format.")
            source.block("package func encode(into buffer: inout ByteBuffer)") { source in
                source.line("unsafe ProtobufC.encode(")
                source.indented { source in
                    source.line("into: &buffer,")
                    source.line("convert: { unsafe c(in: $0) },")
                    source.line("size: { unsafe \(function)__get_packed_size($0) },")
                    source.line("pack: { unsafe \(function)__pack($0, $1) }")
                }
                source.line(")")
            }
        }
    }

    private func emitDecoding(_ message: ProtoMessage, _ source: inout SourceText) {
        source.line()
        source.block("extension \(Names.type(message.fullName))") { source in
            let c = message.fields.isEmpty ? "_" : "c"
            source.block(
                "init(c\(c == "c" ? "" : " _"): UnsafePointer<\(Names.cType(message.fullName))>) throws(ProtobufError)"
            ) { source in
                for field in plain(message) {
                    let property = "self." + Names.property(field.name)
                    if case .message(let name) = field.kind, !field.isRepeated {
                        source.block("if let value = unsafe c.pointee.\(Names.cField(field.name))") { source in
                            source.line("\(property) = try unsafe \(Names.type(name))(c: value)")
                        }
                    } else {
                        source.line("\(property) = \(read(field))")
                    }
                }
                for (index, oneof) in message.oneofs.enumerated() {
                    source.line("switch unsafe c.pointee.\(oneof.name)_case.rawValue {")
                    for field in members(message, of: index) {
                        source.line("case \(field.number):")
                        source.indented { source in readMember(field, oneof, &source) }
                    }
                    source.line("default: break")
                    source.line("}")
                }
            }
        }
    }

    private func readMember(_ field: ProtoField, _ oneof: ProtoOneof, _ source: inout SourceText) {
        let target = "self.\(Names.property(oneof.name))"
        let name = Names.property(field.name)
        if case .message(let type) = field.kind {
            source.block("if let value = unsafe c.pointee.\(Names.cField(field.name))") { source in
                source.line("\(target) = .\(name)(try unsafe \(Names.type(type))(c: value))")
            }
        } else {
            source.line("\(target) = .\(name)(\(read(field)))")
        }
    }

    /// The expression that reads a field out of the C struct.
    private func read(_ field: ProtoField) -> String {
        let place = "c.pointee.\(Names.cField(field.name))"
        let count = "c.pointee.\(Names.cCount(field.name))"
        switch (field.kind, field.isRepeated) {
        case (.message(let name), true):
            let type = Names.type(name)
            return
                "try unsafe ProtobufC.messages(\(count), \(place)) { (value) throws(ProtobufError) in try unsafe \(type)(c: value) }"
        case (.message(let name), false): return "try unsafe \(Names.type(name))(c: \(place))"
        case (.enumeration(let name), true):
            return
                "unsafe ProtobufC.scalars(\(count), \(place)).map { \(Names.type(name))(rawValue: Int32(bitPattern: $0.rawValue)) }"
        case (.enumeration(let name), false):
            return "unsafe \(Names.type(name))(rawValue: Int32(bitPattern: \(place).rawValue))"
        case (.string, true): return "unsafe ProtobufC.strings(\(count), \(place))"
        case (.string, false): return "unsafe ProtobufC.string(\(place))"
        case (.bytes, true): return "unsafe ProtobufC.byteStrings(\(count), \(place))"
        case (.bytes, false): return "unsafe ProtobufC.bytes(\(place))"
        case (.boolean, true): return "unsafe ProtobufC.scalars(\(count), \(place)).map { $0 != 0 }"
        case (.boolean, false): return "unsafe \(place) != 0"
        case (_, true): return "unsafe ProtobufC.scalars(\(count), \(place))"
        case (_, false): return "unsafe \(place)"
        }
    }

    private func emitEncoding(_ message: ProtoMessage, _ source: inout SourceText) {
        let cType = Names.cType(message.fullName)
        source.line()
        source.block("extension \(Names.type(message.fullName))") { source in
            source.block("func c(in arena: ProtobufArena) -> UnsafeMutablePointer<\(cType)>") { source in
                source.line("let c = unsafe arena.array(\(cType).self, count: 1)")
                source.line("unsafe \(Names.cFunction(message.fullName))__init(c)")
                for field in plain(message) { write(field, &source) }
                for (index, oneof) in message.oneofs.enumerated() {
                    source.line("switch self.\(Names.property(oneof.name)) {")
                    for field in members(message, of: index) {
                        source.line("case .\(Names.property(field.name))(let value)?:")
                        source.indented { source in
                            let caseType = "\(cType)__\(oneofType(oneof))Case"
                            source.line("unsafe c.pointee.\(oneof.name)_case = \(caseType)(rawValue: \(field.number))")
                            source.line("unsafe c.pointee.\(Names.cField(field.name)) = \(written(field, "value"))")
                        }
                    }
                    source.line("case nil: break")
                    source.line("}")
                }
                source.line("return unsafe c")
            }
        }
    }

    private func write(_ field: ProtoField, _ source: inout SourceText) {
        let property = "self." + Names.property(field.name)
        let place = "c.pointee.\(Names.cField(field.name))"
        if field.isRepeated {
            source.block("if !\(property).isEmpty") { source in
                source.line("unsafe c.pointee.\(Names.cCount(field.name)) = \(property).count")
                source.line("unsafe \(place) = \(writtenArray(field, property))")
            }
            return
        }
        switch field.kind {
        case .message:
            source.block("if let value = \(property)") { source in
                source.line("unsafe \(place) = unsafe value.c(in: arena)")
            }
        case .string, .bytes:
            source.block("if !\(property).isEmpty") { source in
                source.line("unsafe \(place) = \(written(field, property))")
            }
        default: source.line("unsafe \(place) = \(written(field, property))")
        }
    }

    private func written(_ field: ProtoField, _ value: String) -> String {
        switch field.kind {
        case .message: "unsafe \(value).c(in: arena)"
        case .string: "unsafe arena.string(\(value))"
        case .bytes: "unsafe arena.bytes(\(value))"
        case .boolean: "\(value) ? 1 : 0"
        case .enumeration(let name): "\(Names.cType(name))(rawValue: UInt32(bitPattern: \(value).rawValue))"
        default: value
        }
    }

    private func writtenArray(_ field: ProtoField, _ value: String) -> String {
        switch field.kind {
        case .message: "unsafe arena.pointers(\(value).map { unsafe $0.c(in: arena) })"
        case .string: "unsafe arena.pointers(\(value).map { unsafe arena.string($0) })"
        case .bytes: "unsafe arena.scalars(\(value).map { unsafe arena.bytes($0) })"
        case .boolean: "unsafe arena.scalars(\(value).map { $0 ? 1 : 0 })"
        case .enumeration(let name):
            "unsafe arena.scalars(\(value).map { \(Names.cType(name))(rawValue: UInt32(bitPattern: $0.rawValue)) })"
        default: "unsafe arena.scalars(\(value))"
        }
    }
}
