/// Errors as the Connect protocol writes them.
enum ConnectError {
    /// `{"code": "not_found", "message": "…", "details": […]}`.
    static func json(_ status: RPCStatus) -> JSONValue {
        var members: [(String, JSONValue)] = [("code", .string(name(status.code)))]
        if !status.message.isEmpty { members.append(("message", .string(status.message))) }
        let details = details(status.details)
        if !details.isEmpty { members.append(("details", .array(details))) }
        return .members(members)
    }

    /// The code's name: gRPC's in lower case, but for one spelling.
    static func name(_ code: RPCStatusCode) -> String { code == .cancelled ? "canceled" : code.name.lowercased() }

    /// The `google.protobuf.Any`s in field 3 of a serialized `google.rpc.Status`.
    private static func details(_ status: [UInt8]) -> [JSONValue] {
        var details: [JSONValue] = []
        for (number, value) in WireReader.fields(status) ?? [] where number == 3 {
            guard let any = value.bytes, let fields = WireReader.fields(any) else { continue }
            let type = WireReader.text(1, of: any)
            var bytes: [UInt8] = []
            for (number, value) in fields where number == 2 { bytes = value.bytes ?? [] }
            details.append(
                .members([
                    ("type", .string(String(type.split(separator: "/").last ?? ""))),
                    ("value", .string(Base64.encode(bytes))),
                ])
            )
        }
        return details
    }
}
