/// Reads the methods out of a serialized `FileDescriptorProto`: package (2), services (6) with name (1) and methods (2)
/// with name (1).
enum DescriptorMethods {
    static func paths(in file: [UInt8]) -> [String] {
        let fields = fields(file[...])
        let package = fields.first { $0.number == 2 }.map { text($0.bytes) } ?? ""
        return fields.filter { $0.number == 6 }.flatMap { service -> [String] in
            let inner = self.fields(service.bytes)
            let name = inner.first { $0.number == 1 }.map { text($0.bytes) } ?? ""
            return inner.filter { $0.number == 2 }.map { method in
                let own = self.fields(method.bytes).first { $0.number == 1 }.map { text($0.bytes) } ?? ""
                return "/\(package).\(name)/\(own)"
            }
        }
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    /// The length-delimited fields of a message.
    private static func fields(_ message: ArraySlice<UInt8>) -> [(number: Int, bytes: ArraySlice<UInt8>)] {
        var rest = message
        var found: [(Int, ArraySlice<UInt8>)] = []
        func varint() -> Int {
            var (value, shift) = (0, 0)
            while let byte = rest.popFirst() {
                value |= Int(byte & 127) << shift
                if byte < 128 { break }
                shift += 7
            }
            return value
        }
        while !rest.isEmpty {
            let tag = varint()
            switch tag & 7 {
            case 0: _ = varint()
            case 2:
                let count = varint()
                found.append((tag >> 3, rest.prefix(count)))
                rest = rest.dropFirst(count)
            case 5: rest = rest.dropFirst(4)
            default: rest = rest.dropFirst(8)
            }
        }
        return found
    }
}
