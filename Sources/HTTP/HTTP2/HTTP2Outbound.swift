internal import NIOCore

/// What one stream still has to send.
struct HTTP2Outbound {
    var pending = CircularBuffer<ByteBuffer>(initialCapacity: 1)
    var pendingBytes = 0
    var isFinished = false
    var trailers: HTTPFields?
    /// nghttp2 was told that there is nothing to send for now.
    var isDeferred = false
    /// When the bytes that wait began to, or the last of them left.
    private(set) var waitingSince = NIODeadline.uptimeNanoseconds(0)

    mutating func append(_ bytes: ByteBuffer, at now: NIODeadline) {
        guard bytes.readableBytes > 0 else { return }
        if pendingBytes == 0 { waitingSince = now }
        pending.append(bytes)
        pendingBytes += bytes.readableBytes
    }

    /// Takes exactly `count` bytes in slices, without copying.
    mutating func take(_ count: Int, into output: inout [ByteBuffer], at now: NIODeadline) {
        if count > 0 { waitingSince = now }
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
