internal import CNGHTTP2

/// Fields as nghttp2 wants them, for the length of one call.
@safe enum HTTP2NameValues {
    static func with<Result>(
        _ fields: HTTPFields,
        _ body: (UnsafePointer<nghttp2_nv>, Int) -> Result
    ) -> Result {
        let total = fields.fields.reduce(1) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: total) { text in
            unsafe withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: fields.fields.count + 1) { values in
                guard let base = text.baseAddress, let first = values.baseAddress else {
                    preconditionFailure("room for at least one byte and one field was asked for")
                }
                var at = 0
                func copy(_ string: String) -> (UnsafeMutablePointer<UInt8>, Int) {
                    let start = at
                    for byte in string.utf8 {
                        unsafe text.initializeElement(at: at, to: byte)
                        at += 1
                    }
                    return unsafe (base + start, at - start)
                }
                for (index, field) in fields.fields.enumerated() {
                    let (name, nameLength) = unsafe copy(field.name)
                    let (value, valueLength) = unsafe copy(field.value)
                    unsafe values.initializeElement(
                        at: index,
                        to: nghttp2_nv(
                            name: name,
                            value: value,
                            namelen: nameLength,
                            valuelen: valueLength,
                            flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)
                        )
                    )
                }
                return unsafe body(UnsafePointer(first), fields.fields.count)
            }
        }
    }
}
