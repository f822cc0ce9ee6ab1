/// What reflection answers from: serialized `FileDescriptorProto`s, found by file name and by symbol.
struct DescriptorIndex: Sendable {
    private struct File: Sendable {
        let bytes: [UInt8]
        let dependencies: [String]
    }
    private var files: [String: File] = [:]
    private var symbols: [String: String] = [:]

    /// Indexes every descriptor once; two of the same file name are one. Descriptors are ours, generated with the
    /// code, so one that cannot be read is a fault of the build.
    init(_ descriptors: [[UInt8]]) {
        for descriptor in descriptors { add(descriptor) }
    }

    /// The file and everything it imports, each once, the file itself first. Nil for an unknown name.
    func closure(ofFile name: String) -> [[UInt8]]? {
        guard files[name] != nil else { return nil }
        var found: [[UInt8]] = []
        var seen: Set<String> = [name]
        var waiting = [name]
        while !waiting.isEmpty {
            guard let file = files[waiting.removeFirst()] else { continue }
            found.append(file.bytes)
            for dependency in file.dependencies where seen.insert(dependency).inserted { waiting.append(dependency) }
        }
        return found
    }

    /// The same for the file that declares a service, method, message, field or enum by its full name.
    func closure(ofSymbol symbol: String) -> [[UInt8]]? {
        symbols[symbol].flatMap { closure(ofFile: $0) }
    }

    /// Whether `name` is a message, for questions about its extensions (proto3 has none).
    func knows(_ name: String) -> Bool {
        symbols[name] != nil
    }

    // Field numbers below are those of google/protobuf/descriptor.proto.

    private mutating func add(_ descriptor: [UInt8]) {
        let name = WireReader.text(1, of: descriptor)
        guard let fields = WireReader.fields(descriptor), !name.isEmpty else {
            preconditionFailure("a descriptor for reflection that is not a FileDescriptorProto")
        }
        guard files[name] == nil else { return }
        let dependencies = fields.filter { $0.number == 3 }.compactMap(\.value.text)
        files[name] = File(bytes: descriptor, dependencies: dependencies)
        let package = WireReader.text(2, of: descriptor)
        for (number, value) in fields {
            guard let bytes = value.bytes else { continue }
            switch number {
            case 4: addMessage(bytes, scope: package, file: name)
            case 5: addEnum(bytes, scope: package, file: name)
            case 6: addNamed(bytes, members: true, scope: package, file: name)  // service and its methods
            default: break
            }
        }
    }

    private mutating func addMessage(_ bytes: [UInt8], scope: String, file: String) {
        var waiting = [(bytes: bytes, scope: scope)]
        while let (bytes, scope) = waiting.popLast() {
            let name = addNamed(bytes, members: true, scope: scope, file: file)  // message and its fields
            for (number, value) in WireReader.fields(bytes) ?? [] {
                guard let nested = value.bytes else { continue }
                if number == 3 { waiting.append((nested, name)) }
                if number == 4 { addEnum(nested, scope: name, file: file) }
                if number == 8 { addNamed(nested, members: false, scope: name, file: file) }  // oneof
            }
        }
    }

    /// The values of an enum are named beside it, not inside it, as in C++.
    private mutating func addEnum(_ bytes: [UInt8], scope: String, file: String) {
        addNamed(bytes, members: false, scope: scope, file: file)
        addMembers(bytes, scope: scope, file: file)
    }

    @discardableResult
    private mutating func addNamed(_ bytes: [UInt8], members: Bool, scope: String, file: String) -> String {
        let short = WireReader.text(1, of: bytes)
        let name = scope.isEmpty ? short : "\(scope).\(short)"
        symbols[name] = file
        if members { addMembers(bytes, scope: name, file: file) }
        return name
    }

    /// Fields, values and methods all stand in field 2 of what holds them, and have their name in field 1.
    private mutating func addMembers(_ bytes: [UInt8], scope: String, file: String) {
        for (number, value) in WireReader.fields(bytes) ?? [] where number == 2 {
            guard let member = value.bytes else { continue }
            addNamed(member, members: false, scope: scope, file: file)
        }
    }
}
