/// What the request says of one proto file, as far as the emitters need it.
struct ProtoFile {
    /// Such as `sluice/v1/origins.proto`.
    let name: String
    let package: String
    let dependencies: [String]
    let messages: [ProtoMessage]
    let enums: [ProtoEnum]
    let services: [ProtoService]
    /// The serialized FileDescriptorProto, without source info.
    let descriptor: [UInt8]

    /// `v1` of `sluice.v1`; nil where the package has no version: then it is no API of ours.
    var version: String? {
        guard let last = package.split(separator: ".").last, last.first == "v", last.dropFirst().allSatisfy(\.isNumber),
            last.count > 1
        else { return nil }
        return String(last)
    }

    /// `origins` of `sluice/v1/origins.proto`.
    var stem: String {
        let last = name.split(separator: "/").last ?? ""
        return String(last.prefix { $0 != "." })
    }
}
