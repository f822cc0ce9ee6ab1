package import CProtobufC
package import NIOCore

/// The calls that every generated conversion makes.
@safe package enum ProtobufC {
    /// Messages larger than this are refused before protobuf-c sees them, in bytes.
    package static let maximumMessageSize = 64 << 20

    /// Unpacks, checks what protobuf-c does not check, and converts.
    package static func decode<C, Message>(
        _ buffer: ByteBuffer,
        _ name: String,
        unpack: (UnsafeMutablePointer<ProtobufCAllocator>, Int, UnsafePointer<UInt8>) -> UnsafeMutablePointer<C>?,
        convert: (UnsafePointer<C>) throws(ProtobufError) -> Message
    ) throws(ProtobufError) -> Message {
        guard buffer.readableBytes <= maximumMessageSize else { throw ProtobufError("a \(name) is too large") }
        let arena = ProtobufArena()
        let outcome: Result<Message, ProtobufError> = unsafe buffer.withUnsafeReadableBytes { raw in
            let bytes = unsafe raw.bindMemory(to: UInt8.self)
            var empty: UInt8 = 0
            return unsafe withUnsafePointer(to: &empty) { nothing in
                var allocator = unsafe ProtobufCAllocator(
                    alloc: { owner, count in
                        guard let owner = unsafe owner else { return nil }
                        return unsafe Unmanaged<ProtobufArena>.fromOpaque(owner).takeUnretainedValue()
                            .allocate(bytes: count)
                    },
                    free: { _, _ in },
                    allocator_data: Unmanaged.passUnretained(arena).toOpaque()
                )
                let start = unsafe bytes.baseAddress ?? nothing
                guard let message = unsafe unpack(&allocator, bytes.count, start) else {
                    return .failure(ProtobufError.unreadable(name))
                }
                let base = unsafe UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self)
                do throws(ProtobufError) {
                    try unsafe ProtobufTextCheck.check(bytes, base.pointee.descriptor, name)
                    return .success(try unsafe convert(message))
                } catch {
                    return .failure(error)
                }
            }
        }
        return try outcome.get()
    }

    /// Converts, then packs straight into the buffer.
    package static func encode<C>(
        into buffer: inout ByteBuffer,
        convert: (ProtobufArena) -> UnsafeMutablePointer<C>,
        size: (UnsafePointer<C>) -> Int,
        pack: (UnsafePointer<C>, UnsafeMutablePointer<UInt8>) -> Int
    ) {
        let arena = ProtobufArena()
        let message = unsafe convert(arena)
        let count = unsafe size(message)
        guard count > 0 else { return }
        unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { room in
            guard let start = unsafe room.bindMemory(to: UInt8.self).baseAddress else { return 0 }
            return unsafe pack(message, start)
        }
    }

    /// A C string; nil means empty.
    package static func string(_ text: UnsafePointer<CChar>?) -> String {
        guard let text = unsafe text else { return "" }
        return unsafe String(cString: text)
    }

    package static func bytes(_ data: ProtobufCBinaryData) -> [UInt8] {
        unsafe Array(UnsafeBufferPointer(start: data.data, count: data.len))
    }

    package static func strings(_ count: Int, _ texts: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> [String]
    {
        guard let texts = unsafe texts else { return [] }
        return (0..<count).map { unsafe string(texts[$0]) }
    }

    package static func byteStrings(_ count: Int, _ values: UnsafeMutablePointer<ProtobufCBinaryData>?) -> [[UInt8]] {
        guard let values = unsafe values else { return [] }
        return (0..<count).map { unsafe bytes(values[$0]) }
    }

    package static func scalars<Value>(_ count: Int, _ values: UnsafeMutablePointer<Value>?) -> [Value] {
        guard let values = unsafe values else { return [] }
        return unsafe Array(UnsafeBufferPointer(start: values, count: count))
    }

    package static func messages<C, Message>(
        _ count: Int,
        _ values: UnsafeMutablePointer<UnsafeMutablePointer<C>?>?,
        _ convert: (UnsafePointer<C>) throws(ProtobufError) -> Message
    ) throws(ProtobufError) -> [Message] {
        guard let values = unsafe values else { return [] }
        var messages: [Message] = []
        messages.reserveCapacity(count)
        for index in 0..<count {
            if let value = unsafe values[index] { messages.append(try unsafe convert(value)) }
        }
        return messages
    }
}
