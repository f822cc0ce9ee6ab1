/// Why bytes or JSON are not the message they should be.
package struct ProtobufError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence that names the message or the JSON path.
    package let description: String

    package init(_ description: String) { self.description = description }

    /// The bytes are not a message of this type.
    package static func unreadable(_ name: String) -> ProtobufError {
        ProtobufError("the bytes are not a valid \(name)")
    }
}
