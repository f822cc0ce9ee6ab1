internal import CZlib
package import NIOCore

/// Decompresses whole messages, each one gzip stream (RFC 1952), within limits that stop a compression bomb.
package enum GzipInflater {
    private static let stepBytes = 64 * 1024

    /// The bytes of the one gzip stream in `message`; output stops at the first limit it meets.
    package static func decompress(_ message: ByteBuffer, limits: RPCLimits) throws(FramingError) -> ByteBuffer {
        var stream = unsafe z_stream()
        let started = unsafe CZlib_inflateInitGzip(&stream)
        precondition(started == Z_OK, "zlib has no memory for an inflate stream")
        defer { unsafe inflateEnd(&stream) }
        var output = ByteBuffer()
        let step = min(stepBytes, limits.maximumReceivedMessageBytes + 1)
        var used = 0
        while true {
            // The pointers into `message` are set anew each step and never outlive the closure.
            var result = Z_OK
            unsafe output.writeWithUnsafeMutableBytes(minimumWritableBytes: step) { target in
                unsafe message.withUnsafeReadableBytes { source in
                    let rest = unsafe UnsafeRawBufferPointer(rebasing: source[used...])
                    unsafe stream.next_in = UnsafeMutablePointer(
                        mutating: rest.bindMemory(to: UInt8.self).baseAddress
                    )
                    unsafe stream.avail_in = UInt32(rest.count)
                    unsafe stream.next_out = target.bindMemory(to: UInt8.self).baseAddress
                    unsafe stream.avail_out = UInt32(step)
                    result = unsafe inflate(&stream, Z_NO_FLUSH)
                    used += unsafe rest.count - Int(stream.avail_in)
                    return unsafe step - Int(stream.avail_out)
                }
            }
            if output.readableBytes > limits.maximumReceivedMessageBytes {
                throw .messageTooLarge(limit: limits.maximumReceivedMessageBytes)
            }
            if output.readableBytes > limits.decompressionAllowance,
                output.readableBytes / limits.maximumDecompressionRatio > message.readableBytes
            {
                throw .ratioExceeded(limit: limits.maximumDecompressionRatio)
            }
            switch result {
            case Z_STREAM_END where used == message.readableBytes: return output
            case Z_OK: continue
            default: throw .compressionBroken  // also Z_BUF_ERROR: the input ended before the stream did
            }
        }
    }
}
