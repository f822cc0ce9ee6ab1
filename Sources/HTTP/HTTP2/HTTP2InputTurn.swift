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
        var frames = 0
        var rest = bytes.readableBytesView[...]
        while !rest.isEmpty {
            if left > 0 {
                let skipped = min(left, rest.count)
                left -= skipped
                rest = rest.dropFirst(skipped)
                continue
            }
            if headerBytes == 0, frames >= Self.frames { break }
            if headerBytes == 0, rest.count >= Self.frameHeaderBytes,
                let word = bytes.getInteger(at: rest.startIndex, as: UInt32.self)
            {
                lengthAndType = word
                headerBytes = Self.frameHeaderBytes
                rest = rest.dropFirst(Self.frameHeaderBytes)
            } else {
                // A header that is cut: a byte at a time.
                if headerBytes < 4 { lengthAndType = lengthAndType << 8 | UInt32(rest[rest.startIndex]) }
                headerBytes += 1
                rest = rest.dropFirst()
            }
            guard headerBytes == Self.frameHeaderBytes else { continue }
            frames += lengthAndType & 0xFF == Self.headers ? Self.framesOfHead : 1
            left = Int(lengthAndType >> 8)
            headerBytes = 0
        }
        return rest.startIndex - bytes.readerIndex
    }
}
