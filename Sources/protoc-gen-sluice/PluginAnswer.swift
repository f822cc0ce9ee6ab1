internal import CPluginProto

/// The CodeGeneratorResponse: the files that were made, packed with protobuf-c.
struct PluginAnswer {
    var files: [(name: String, content: String)] = []

    func packed() -> [UInt8] {
        // Everything allocated here lives until the process ends, a moment later.
        let response = UnsafeMutablePointer<Google__Protobuf__Compiler__CodeGeneratorResponse>.allocate(capacity: 1)
        unsafe google__protobuf__compiler__code_generator_response__init(response)
        let list = UnsafeMutablePointer<UnsafeMutablePointer<Google__Protobuf__Compiler__CodeGeneratorResponse__File>?>
            .allocate(capacity: max(1, files.count))
        for (index, file) in files.enumerated() {
            let entry = UnsafeMutablePointer<Google__Protobuf__Compiler__CodeGeneratorResponse__File>
                .allocate(capacity: 1)
            unsafe google__protobuf__compiler__code_generator_response__file__init(entry)
            unsafe entry.pointee.name = unsafe Self.copy(file.name)
            unsafe entry.pointee.content = unsafe Self.copy(file.content)
            unsafe list[index] = unsafe entry
        }
        unsafe response.pointee.n_file = files.count
        unsafe response.pointee.file = unsafe list
        let size = unsafe google__protobuf__compiler__code_generator_response__get_packed_size(response)
        return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = unsafe google__protobuf__compiler__code_generator_response__pack(response, buffer.baseAddress)
        }
    }

    private static func copy(_ text: String) -> UnsafeMutablePointer<CChar> {
        let bytes = Array(text.utf8CString)
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        for (index, byte) in bytes.enumerated() { unsafe copy[index] = byte }
        return unsafe copy
    }
}
