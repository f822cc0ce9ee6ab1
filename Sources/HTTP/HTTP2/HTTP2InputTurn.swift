internal import NIOCore

/// How much of a client's input is taken in one turn of its event loop: a read can hold hundreds of streams, and what
/// opens and answers them would keep every other connection of the loop waiting. A machine: it follows the frames'
/// lengths alone (RFC 9113 section 4.1), and nghttp2 judges them.
struct HTTP2InputTurn {
    /// Streams that begin, or end with their connection, in one turn.
    static let streams = 16
    /// Frames in one turn: a head counts as many of them as make room for `streams`.
    static let frames = 64
    private static let framesOfHead = frames / streams

    private static let frameHeaderBytes = 9
    /// HEADERS (RFC 9113 section 6.2).
    private static let headers: UInt32 = 1

    /// Bytes of the preface, or of the frame that has begun, that are still to come.
    private var left: Int
    /// Bytes of the next frame's header that came already, and what they tell: the payload's length, then the type.
    private var headerBytes = 0
    private var lengthAndType: UInt32 = 0

    /// `preface`: bytes before the first frame.
    init(preface: Int) { self.left = preface }

    /// How many of these bytes, which follow those that it took before, are for one turn: whole frames, and of the last
    /// one what is there.
    mutating func take(_ bytes: ByteBuffer) -> Int {
        unsafe bytes.withUnsafeReadableBytes { unsafe take($0) }
    }

    private mutating func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        var (frames, index) = (0, 0)
        while index < bytes.count {
            if left > 0 {
                let skipped = min(left, bytes.count - index)
                left -= skipped
                index += skipped
                continue
            }
            if headerBytes == 0, frames >= Self.frames { break }
            if headerBytes < 4 { lengthAndType = unsafe lengthAndType << 8 | UInt32(bytes[index]) }
            headerBytes += 1
            index += 1
            guard headerBytes == Self.frameHeaderBytes else { continue }
            frames += lengthAndType & 0xFF == Self.headers ? Self.framesOfHead : 1
            left = Int(lengthAndType >> 8)
            headerBytes = 0
        }
        return index
    }
}
