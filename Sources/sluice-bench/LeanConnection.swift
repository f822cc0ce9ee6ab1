import NIOCore

/// The client's side of gRPC calls on an HTTP/2 connection, without I/O and with next to no memory: what a generator
/// needs that holds a hundred thousand of them beside the server it measures. It reads every frame that a server may send
/// on such a connection, and trusts it, for it is ours. Calls are numbered from 0.
struct LeanConnection {
    /// What the server's bytes meant.
    enum Event: Equatable {
        /// One message of a call, without its prefix.
        case message(call: Int, ByteBuffer)
        /// The server takes no new streams: these go on.
        case goAway
        /// A call is over.
        case ended
    }

    /// Received bytes after which the server gets its window back, below half of the initial 65,535 bytes.
    private static let windowStep = 16_384

    /// The beginning of a frame whose end is missing.
    private var frame = ByteBuffer()
    /// The beginnings of messages whose ends are missing, by call.
    private var messages: [ByteBuffer]
    /// Bytes that the server has not got its window back for: of the connection, and of each call.
    private var unreported = 0
    private var unreportedOfCalls: [Int]

    init(calls: Int) {
        messages = Array(repeating: ByteBuffer(), count: calls)
        unreportedOfCalls = Array(repeating: 0, count: calls)
    }

    /// What a client sends first: preface and settings.
    static var preface: ByteBuffer {
        var bytes = ByteBuffer(string: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        writeFrame(type: 4, flags: 0, stream: 0, ByteBuffer(), into: &bytes)
        return bytes
    }

    /// The fields of a request's head, in literals that leave both tables of header fields empty (RFC 7541 section 6.2.2).
    static func head(path: String, authority: String, isSecure: Bool = false) -> ByteBuffer {
        var head = ByteBuffer(bytes: [0x83, isSecure ? 0x87 : 0x86])  // POST; https or http
        func literal(_ nameIndex: UInt8, _ value: String) {
            // An index above 14 goes on in a second byte.
            head.writeBytes(nameIndex < 15 ? [nameIndex] : [15, nameIndex - 15])
            head.writeInteger(UInt8(value.utf8.count))
            head.writeString(value)
        }
        literal(4, path)
        literal(1, authority)
        literal(31, "application/grpc")
        literal(58, "grpc-sluice-bench/1")
        head.writeBytes([0, 2])
        head.writeString("te")
        head.writeInteger(UInt8(8))
        head.writeString("trailers")
        return head
    }

    private static func stream(of call: Int) -> UInt32 { UInt32(2 * call + 1) }

    /// Opens a call.
    static func open(_ call: Int, head: ByteBuffer, into bytes: inout ByteBuffer) {
        writeFrame(type: 1, flags: 4, stream: stream(of: call), head, into: &bytes)
    }

    /// Frames one message of a call as DATA.
    static func write(_ message: ByteBuffer, of call: Int, into bytes: inout ByteBuffer) {
        writeHeader(length: message.readableBytes + 5, type: 0, flags: 0, stream: stream(of: call), into: &bytes)
        bytes.writeInteger(UInt8(0))
        bytes.writeInteger(UInt32(message.readableBytes))
        bytes.writeImmutableBuffer(message)
    }

    /// Takes the server's bytes; `answer` gets what HTTP/2 wants said in return.
    mutating func bytesArrived(_ bytes: ByteBuffer, into events: inout [Event], answer: inout ByteBuffer) {
        var input = bytes
        if frame.readableBytes > 0 {
            frame.writeImmutableBuffer(bytes)
            input = frame
            frame = ByteBuffer()
        }
        while let length = input.getInteger(at: input.readerIndex, as: UInt32.self).map({ Int($0 >> 8) }),
            input.readableBytes >= 9 + length, let header = input.readSlice(length: 9),
            let type = header.getInteger(at: header.readerIndex + 3, as: UInt8.self),
            let flags = header.getInteger(at: header.readerIndex + 4, as: UInt8.self),
            let stream = header.getInteger(at: header.readerIndex + 5, as: UInt32.self),
            let payload = input.readSlice(length: length)
        {
            let call = (Int(stream) - 1) / 2
            frameArrived(type: type, flags: flags, call, payload, into: &events, answer: &answer)
        }
        // A copy, so that no buffer of the socket's is held.
        if input.readableBytes > 0 { frame = ByteBuffer(bytes: input.readableBytesView) }
    }

    private mutating func frameArrived(
        type: UInt8,
        flags: UInt8,
        _ call: Int,
        _ payload: ByteBuffer,
        into events: inout [Event],
        answer: inout ByteBuffer
    ) {
        switch type {
        case 0:
            dataArrived(payload, of: call, into: &events, answer: &answer)
            if flags & 1 != 0 { events.append(.ended) }
        case 1 where flags & 1 != 0, 3: events.append(.ended)
        case 4 where flags & 1 == 0: Self.writeFrame(type: 4, flags: 1, stream: 0, ByteBuffer(), into: &answer)
        case 6 where flags & 1 == 0: Self.writeFrame(type: 6, flags: 1, stream: 0, payload, into: &answer)
        case 7: events.append(.goAway)
        default: break
        }
    }

    private mutating func dataArrived(
        _ payload: ByteBuffer,
        of call: Int,
        into events: inout [Event],
        answer: inout ByteBuffer
    ) {
        Self.count(payload, in: &unreported, stream: 0, answer: &answer)
        Self.count(payload, in: &unreportedOfCalls[call], stream: Self.stream(of: call), answer: &answer)
        var input = payload
        if messages[call].readableBytes > 0 {
            messages[call].writeImmutableBuffer(payload)
            input = messages[call]
            messages[call] = ByteBuffer()
        }
        while let length = input.getInteger(at: input.readerIndex + 1, as: UInt32.self).map(Int.init),
            input.readableBytes >= 5 + length
        {
            input.moveReaderIndex(forwardBy: 5)
            if let whole = input.readSlice(length: length) { events.append(.message(call: call, whole)) }
        }
        if input.readableBytes > 0 { messages[call] = ByteBuffer(bytes: input.readableBytesView) }
    }

    private static func count(
        _ payload: ByteBuffer,
        in unreported: inout Int,
        stream: UInt32,
        answer: inout ByteBuffer
    ) {
        unreported += payload.readableBytes
        guard unreported >= windowStep else { return }
        writeFrame(type: 8, flags: 0, stream: stream, ByteBuffer(integer: UInt32(unreported)), into: &answer)
        unreported = 0
    }

    private static func writeFrame(
        type: UInt8,
        flags: UInt8,
        stream: UInt32,
        _ payload: ByteBuffer,
        into bytes: inout ByteBuffer
    ) {
        writeHeader(length: payload.readableBytes, type: type, flags: flags, stream: stream, into: &bytes)
        bytes.writeImmutableBuffer(payload)
    }

    private static func writeHeader(
        length: Int,
        type: UInt8,
        flags: UInt8,
        stream: UInt32,
        into bytes: inout ByteBuffer
    ) {
        bytes.writeInteger(UInt32(length) << 8 | UInt32(type))
        bytes.writeInteger(flags)
        bytes.writeInteger(stream)
    }
}
