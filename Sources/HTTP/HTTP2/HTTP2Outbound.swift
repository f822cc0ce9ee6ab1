internal import NIOCore

/// What one stream still has to send.
struct HTTP2Outbound {
    var pending = CircularBuffer<ByteBuffer>()
    var pendingBytes = 0
    var isFinished = false
    var trailers: HTTPFields?
    /// nghttp2 was told that there is nothing to send for now.
    var isDeferred = false

    mutating func append(_ bytes: ByteBuffer) {
        guard bytes.readableBytes > 0 else { return }
        pending.append(bytes)
        pendingBytes += bytes.readableBytes
    }

    /// Takes exactly `count` bytes in slices, without copying.
    mutating func take(_ count: Int, into output: inout [ByteBuffer]) {
        var left = count
        while left > 0, var first = pending.first {
            let length = min(left, first.readableBytes)
            guard let slice = first.readSlice(length: length) else { return }
            output.append(slice)
            left -= length
            if first.readableBytes == 0 { pending.removeFirst() } else { pending[pending.startIndex] = first }
        }
        pendingBytes -= count - left
    }
}
