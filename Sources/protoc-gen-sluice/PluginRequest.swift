internal import CPluginProto

/// The CodeGeneratorRequest that protoc writes to a plugin's standard input, read with protobuf-c.
struct PluginRequest {
    let files: [ProtoFile]
    let toGenerate: Set<String>
    /// What was given with `--sluice_opt`.
    let parameter: String

    /// Nil where the bytes are no such request.
    init?(_ bytes: [UInt8]) {
        let unpacked = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe google__protobuf__compiler__code_generator_request__unpack(nil, buffer.count, buffer.baseAddress)
        }
        guard let request = unsafe unpacked else { return nil }
        defer { unsafe google__protobuf__compiler__code_generator_request__free_unpacked(request, nil) }
        var names: Set<String> = []
        for index in 0..<(unsafe request.pointee.n_file_to_generate) {
            names.insert(unsafe Self.text(request.pointee.file_to_generate[index]))
        }
        var files: [ProtoFile] = []
        for index in 0..<(unsafe request.pointee.n_proto_file) {
            if let file = unsafe request.pointee.proto_file[index] { files.append(unsafe Self.file(file)) }
        }
        self.toGenerate = names
        self.parameter = unsafe Self.text(request.pointee.parameter)
        self.files = files
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String {
        guard let pointer = unsafe pointer else { return "" }
        return unsafe String(cString: pointer)
    }

    private static func array<Value, Made>(
        _ count: Int,
        _ values: UnsafeMutablePointer<UnsafeMutablePointer<Value>?>?,
        _ make: (Int, UnsafeMutablePointer<Value>) -> Made
    ) -> [Made] {
        guard let values = unsafe values else { return [] }
        return (0..<count).compactMap { index in
            guard let value = unsafe values[index] else { return nil }
            return unsafe make(index, value)
        }
    }

    private static func file(_ file: UnsafeMutablePointer<Google__Protobuf__FileDescriptorProto>) -> ProtoFile {
        let comments = unsafe Comments(file)
        let package = unsafe text(file.pointee.package)
        let prefix = package.isEmpty ? "" : package + "."
        let nests = unsafe array(file.pointee.n_message_type, file.pointee.message_type) {
            unsafe flattened($1, prefix, comments, [4, Int32($0)], isNested: false)
        }
        let messages = nests.flatMap(\.messages)
        let enums =
            unsafe array(file.pointee.n_enum_type, file.pointee.enum_type) {
                unsafe enumeration($1, prefix, comments, [5, Int32($0)])
            } + nests.flatMap(\.enums)
        let services = unsafe array(file.pointee.n_service, file.pointee.service) {
            unsafe service($1, prefix, comments, [6, Int32($0)])
        }
        var dependencies: [String] = []
        for index in 0..<(unsafe file.pointee.n_dependency) {
            dependencies.append(unsafe text(file.pointee.dependency[index]))
        }
        return ProtoFile(
            name: unsafe text(file.pointee.name),
            package: package,
            dependencies: dependencies,
            messages: messages,
            enums: enums,
            services: services,
            descriptor: unsafe descriptor(file)
        )
    }

    /// Packs the file's descriptor as reflection serves it: without comments.
    private static func descriptor(_ file: UnsafeMutablePointer<Google__Protobuf__FileDescriptorProto>) -> [UInt8] {
        let source = unsafe file.pointee.source_code_info
        unsafe file.pointee.source_code_info = nil
        defer { unsafe file.pointee.source_code_info = unsafe source }
        let size = unsafe google__protobuf__file_descriptor_proto__get_packed_size(file)
        return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = unsafe google__protobuf__file_descriptor_proto__pack(file, buffer.baseAddress)
        }
    }

    /// A message and every type inside it, those inside first.
    private static func flattened(
        _ outer: UnsafeMutablePointer<Google__Protobuf__DescriptorProto>,
        _ prefix: String,
        _ comments: Comments,
        _ path: [Int32],
        isNested: Bool
    ) -> (messages: [ProtoMessage], enums: [ProtoEnum]) {
        let inside = unsafe prefix + text(outer.pointee.name) + "."
        let nests = unsafe array(outer.pointee.n_nested_type, outer.pointee.nested_type) {
            unsafe flattened($1, inside, comments, path + [3, Int32($0)], isNested: true)
        }
        let enums = unsafe array(outer.pointee.n_enum_type, outer.pointee.enum_type) {
            unsafe enumeration($1, inside, comments, path + [4, Int32($0)])
        }
        let whole = unsafe message(outer, prefix, comments, path, isNested: isNested)
        return (nests.flatMap(\.messages) + [whole], enums + nests.flatMap(\.enums))
    }

    private static func message(
        _ message: UnsafeMutablePointer<Google__Protobuf__DescriptorProto>,
        _ prefix: String,
        _ comments: Comments,
        _ path: [Int32],
        isNested: Bool
    ) -> ProtoMessage {
        let fields = unsafe array(message.pointee.n_field, message.pointee.field) { index, field in
            ProtoField(
                name: unsafe text(field.pointee.name),
                number: unsafe field.pointee.number,
                kind: unsafe kind(field),
                isRepeated: unsafe field.pointee.label
                    == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED,
                oneof: unsafe field.pointee.has_oneof_index != 0 ? Int(field.pointee.oneof_index) : nil,
                comment: comments.at(path + [2, Int32(index)])
            )
        }
        let oneofs = unsafe array(message.pointee.n_oneof_decl, message.pointee.oneof_decl) { index, oneof in
            ProtoOneof(name: unsafe text(oneof.pointee.name), comment: comments.at(path + [8, Int32(index)]))
        }
        return ProtoMessage(
            fullName: unsafe prefix + text(message.pointee.name),
            comment: comments.at(path),
            isNested: isNested,
            isMapEntry: unsafe message.pointee.options.map { unsafe $0.pointee.map_entry != 0 } ?? false,
            fields: fields,
            oneofs: oneofs
        )
    }

    private static func kind(_ field: UnsafeMutablePointer<Google__Protobuf__FieldDescriptorProto>) -> ProtoField.Kind {
        let name = unsafe String(text(field.pointee.type_name).drop { $0 == "." })
        return switch unsafe field.pointee.type {
        case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BOOL: .boolean
        case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_INT32,
            GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SINT32,
            GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SFIXED32:
            .int32
        case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_INT64,
            GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SINT64,
            GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SFIXED64:
            .int64
        case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_UINT32,
            GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FIXED32:
            .uint32
        case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_UINT64,
            GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FIXED64:
            .uint64
        case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_DOUBLE: .double
        case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FLOAT: .float
        case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BYTES: .bytes
        case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_ENUM: .enumeration(name)
        case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_MESSAGE: .message(name)
        default: .string
        }
    }

    private static func enumeration(
        _ enumeration: UnsafeMutablePointer<Google__Protobuf__EnumDescriptorProto>,
        _ prefix: String,
        _ comments: Comments,
        _ path: [Int32]
    ) -> ProtoEnum {
        let values = unsafe array(enumeration.pointee.n_value, enumeration.pointee.value) { index, value in
            ProtoEnum.Value(
                name: unsafe text(value.pointee.name),
                number: unsafe value.pointee.number,
                comment: comments.at(path + [2, Int32(index)])
            )
        }
        return ProtoEnum(
            fullName: unsafe prefix + text(enumeration.pointee.name),
            comment: comments.at(path),
            values: values
        )
    }

    private static func service(
        _ service: UnsafeMutablePointer<Google__Protobuf__ServiceDescriptorProto>,
        _ prefix: String,
        _ comments: Comments,
        _ path: [Int32]
    ) -> ProtoService {
        let methods = unsafe array(service.pointee.n_method, service.pointee.method) { index, method in
            ProtoService.Method(
                name: unsafe text(method.pointee.name),
                input: unsafe String(text(method.pointee.input_type).drop { $0 == "." }),
                output: unsafe String(text(method.pointee.output_type).drop { $0 == "." }),
                clientStreams: unsafe method.pointee.client_streaming != 0,
                serverStreams: unsafe method.pointee.server_streaming != 0,
                comment: comments.at(path + [2, Int32(index)])
            )
        }
        let name = unsafe text(service.pointee.name)
        return ProtoService(fullName: prefix + name, name: name, comment: comments.at(path), methods: methods)
    }
}
