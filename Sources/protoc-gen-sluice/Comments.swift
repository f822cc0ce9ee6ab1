internal import CPluginProto

/// The leading comments of one proto file by descriptor path.
struct Comments {
    private var byPath: [[Int32]: [String]] = [:]

    init(_ file: UnsafeMutablePointer<Google__Protobuf__FileDescriptorProto>) {
        guard let info = unsafe file.pointee.source_code_info, let locations = unsafe info.pointee.location else {
            return
        }
        for index in 0..<(unsafe info.pointee.n_location) {
            guard let location = unsafe locations[index], let text = unsafe location.pointee.leading_comments else {
                continue
            }
            let path = unsafe Array(UnsafeBufferPointer(start: location.pointee.path, count: location.pointee.n_path))
            byPath[path] = unsafe String(cString: text).split(whereSeparator: \.isNewline).map { line in
                String(line.drop { $0 == " " })
            }
        }
    }

    func at(_ path: [Int32]) -> [String] { byPath[path] ?? [] }
}
