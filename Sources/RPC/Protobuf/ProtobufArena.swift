package import CProtobufC

/// Memory of one conversion between Swift values and protobuf-c's structs: handed out in pieces, freed all at once,
/// never more than a limit.
@safe package final class ProtobufArena {
    /// Most memory one conversion may take, in bytes: a 4 MiB message of small parts unfolds to several times its size.
    package static let defaultLimit = 64 << 20
    private static let chunkSize = 4096

    private var chunks: [UnsafeMutableRawPointer] = unsafe []
    private var free: UnsafeMutableRawPointer?
    private var left = 0
    private var used = 0
    private let limit: Int

    package init(limit: Int = ProtobufArena.defaultLimit) { self.limit = limit }

    deinit {
        while let chunk = unsafe chunks.popLast() { unsafe chunk.deallocate() }
    }

    /// Nil once the limit is reached. Aligned for any C struct; lives as long as the arena.
    package func allocate(bytes count: Int) -> UnsafeMutableRawPointer? {
        let size = (count + 15) & ~15
        guard count >= 0, used + size <= limit else { return nil }
        used += size
        if size > left {
            let chunk = max(size, Self.chunkSize)
            let memory = UnsafeMutableRawPointer.allocate(byteCount: chunk, alignment: 16)
            unsafe chunks.append(memory)
            unsafe free = unsafe memory
            left = chunk
        }
        defer {
            unsafe free = unsafe free?.advanced(by: size)
            left -= size
        }
        return unsafe free
    }

    /// Room for `count` values, not initialised. Traps at the limit: encoding is bounded by what Swift already holds.
    package func array<Value>(_ type: Value.Type, count: Int) -> UnsafeMutablePointer<Value> {
        guard let memory = unsafe allocate(bytes: max(1, count) * MemoryLayout<Value>.stride) else {
            preconditionFailure("a message is too large to be encoded")
        }
        return unsafe memory.bindMemory(to: type, capacity: max(1, count))
    }

    /// A NUL-terminated copy. A string with an embedded NUL ends there, as C has it.
    package func string(_ text: String) -> UnsafeMutablePointer<CChar> {
        var text = text
        return text.withUTF8 { utf8 in
            let copy = unsafe array(CChar.self, count: utf8.count + 1)
            for index in utf8.indices { unsafe copy[index] = unsafe CChar(bitPattern: utf8[index]) }
            unsafe copy[utf8.count] = 0
            return unsafe copy
        }
    }

    /// A copy of the bytes.
    package func bytes(_ bytes: [UInt8]) -> ProtobufCBinaryData {
        let copy = unsafe array(UInt8.self, count: bytes.count)
        unsafe copy.update(from: bytes, count: bytes.count)
        return unsafe ProtobufCBinaryData(len: bytes.count, data: copy)
    }

    /// An array of pointers for a repeated field of strings or messages.
    package func pointers<Value>(_ values: [UnsafeMutablePointer<Value>]) -> UnsafeMutablePointer<
        UnsafeMutablePointer<Value>?
    > {
        let copy = unsafe array(UnsafeMutablePointer<Value>?.self, count: values.count)
        for index in unsafe values.indices { unsafe copy[index] = unsafe values[index] }
        return unsafe copy
    }

    /// An array of scalars for a repeated field.
    package func scalars<Value>(_ values: [Value]) -> UnsafeMutablePointer<Value> {
        let copy = unsafe array(Value.self, count: values.count)
        for (index, value) in values.enumerated() { unsafe (copy + index).initialize(to: value) }
        return unsafe copy
    }
}
