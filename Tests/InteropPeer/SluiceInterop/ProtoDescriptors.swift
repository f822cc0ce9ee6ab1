internal import RPC

/// The serialized descriptors of the official test protos, for reflection. Generated code adds one for each file.
enum ProtoDescriptors {
    /// The bytes behind generated base64.
    static func decoded(_ base64: String) -> [UInt8] {
        guard let bytes = try? JSONCoding.bytes(.string(base64), "descriptor") else {
            preconditionFailure("a generated descriptor is not base64")
        }
        return bytes
    }
}
