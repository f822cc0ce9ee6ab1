/// The metadata of a call: keys with text or binary values, in order, keys possibly repeated.
package struct RPCMetadata: Hashable, Sendable {
    /// A value as an application sees it.
    package enum Value: Hashable, Sendable {
        /// Printable ASCII, 0x20 to 0x7E.
        case text(String)
        /// Any bytes; base64 on the wire, and the key ends in `-bin`.
        case binary([UInt8])
    }
    /// One key and one value.
    package struct Entry: Hashable, Sendable {
        /// Lower case: 0-9 a-z _ - .
        package let key: String
        /// Binary exactly where the key ends in `-bin`.
        package let value: Value
    }
    /// In the order of the wire.
    package private(set) var entries: [Entry] = []

    /// No metadata.
    package init() {}
    /// Whether there is no entry.
    package var isEmpty: Bool { entries.isEmpty }

    /// Adds a text value, without spaces at its ends, which no wire keeps; throws `internal` where key or value cannot go over the wire, or the key is reserved.
    package mutating func add(_ key: String, _ text: String) throws(RPCError) {
        guard Self.isValid(key: key), !key.hasSuffix("-bin") else {
            throw RPCError(.internal, "'\(key)' is not a key for text metadata")
        }
        guard text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw RPCError(.internal, "the metadata value of '\(key)' is not printable ASCII")
        }
        entries.append(Entry(key: key, value: .text(Self.trimmed(text[...]))))
    }

    /// Adds a binary value; throws `internal` where the key does not end in `-bin` or is reserved.
    package mutating func add(_ key: String, _ bytes: [UInt8]) throws(RPCError) {
        guard Self.isValid(key: key), key.hasSuffix("-bin") else {
            throw RPCError(.internal, "'\(key)' is not a key for binary metadata")
        }
        entries.append(Entry(key: key, value: .binary(bytes)))
    }

    /// The first text value of `key`.
    package func text(_ key: String) -> String? {
        for entry in entries where entry.key == key {
            if case .text(let text) = entry.value { return text }
        }
        return nil
    }
    /// The first binary value of `key`.
    package func binary(_ key: String) -> [UInt8]? {
        for entry in entries where entry.key == key {
            if case .binary(let bytes) = entry.value { return bytes }
        }
        return nil
    }
    /// Every value of `key`, in order.
    package func values(_ key: String) -> [Value] {
        entries.filter { $0.key == key }.map(\.value)
    }
    /// Adds every entry of `other` behind our own.
    package mutating func append(_ other: RPCMetadata) {
        entries += other.entries
    }

    /// Adds what stands in a header or trailer; false where a `-bin` value is not base64. The value may be several
    /// joined by commas, which a binary value can be cut at, since base64 has none.
    mutating func wireFieldArrived(name: String, value: String) -> Bool {
        guard !Self.isReserved(key: name) else { return true }
        guard name.hasSuffix("-bin") else {
            entries.append(Entry(key: name, value: .text(Self.trimmed(value[...]))))
            return true
        }
        for part in value.split(separator: ",", omittingEmptySubsequences: false) {
            guard let bytes = Base64.decode(Self.trimmed(part)) else { return false }
            entries.append(Entry(key: name, value: .binary(bytes)))
        }
        return true
    }

    /// The pairs for a header or trailer block; binary values as unpadded base64.
    var wireFields: [(name: String, value: String)] {
        entries.map { entry in
            switch entry.value {
            case .text(let text): (entry.key, text)
            case .binary(let bytes): (entry.key, Base64.encode(bytes))
            }
        }
    }

    /// Without white space at either end (RFC 9110 section 5.5).
    private static func trimmed(_ text: Substring) -> String {
        func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let bytes = text.utf8
        guard let first = bytes.first, let last = bytes.last, isSpace(first) || isSpace(last) else {
            return String(text)
        }
        let kept = bytes.drop(while: isSpace)
        guard let end = kept.lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(decoding: kept[...end], as: UTF8.self)
    }

    /// Whether an application may use the key.
    private static func isValid(key: String) -> Bool {
        !key.isEmpty && !isReserved(key: key)
            && key.utf8.allSatisfy { byte in
                switch byte {
                case 48...57, 97...122, UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): true
                default: false
                }
            }
    }

    /// What belongs to HTTP and gRPC and is never metadata.
    private static func isReserved(key: String) -> Bool {
        switch key {
        case "content-type", "te", "content-length", "host", "connection", "transfer-encoding", "upgrade",
            "keep-alive", "proxy-connection":
            true
        default: key.hasPrefix("grpc-") || key.hasPrefix(":")
        }
    }
}
