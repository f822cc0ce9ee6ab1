internal import CZlib
package import NIOCore

/// Compresses whole messages, each as its own gzip stream (RFC 1952).
package enum GzipDeflater {
    /// The readable bytes of `message` as one gzip stream. Level 1: messages are small and the line is fast.
    package static func compress(_ message: ByteBuffer) -> ByteBuffer {
        var stream = unsafe z_stream()
        let started = unsafe CZlib_deflateInitGzip(&stream, 1)
        precondition(started == Z_OK, "zlib has no memory for a deflate stream")
        defer { unsafe deflateEnd(&stream) }
        var output = ByteBuffer()
        let bound = unsafe Int(deflateBound(&stream, UInt(message.readableBytes)))
        unsafe output.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { target in
            unsafe message.withUnsafeReadableBytes { source in
                // zlib's next_in is not const, yet it never writes there.
                unsafe stream.next_in = UnsafeMutablePointer(
                    mutating: source.bindMemory(to: UInt8.self).baseAddress
                )
                unsafe stream.avail_in = UInt32(source.count)
                unsafe stream.next_out = target.bindMemory(to: UInt8.self).baseAddress
                unsafe stream.avail_out = UInt32(target.count)
                let result = unsafe deflate(&stream, Z_FINISH)
                precondition(result == Z_STREAM_END, "deflateBound is enough for one pass")
                return unsafe target.count - Int(stream.avail_out)
            }
        }
        return output
    }
}
