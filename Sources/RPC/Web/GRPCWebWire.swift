internal import HTTP
internal import NIOCore
internal import Synchronization

/// A call of gRPC-Web: gRPC's frames over any HTTP, the trailers as a last frame; base64 in the text form
/// (grpc/doc/PROTOCOL-WEB.md).
final class GRPCWebWire: WebWire {
    /// The flag of the frame that holds the trailers.
    private static let trailerFlag: UInt8 = 0x80

    let reply: WebReply
    private let isText: Bool
    /// Characters of the text form that are no whole group of four yet.
    private let held = Mutex<[UInt8]>([])

    init(isText: Bool, reply: WebReply) {
        self.isText = isText
        self.reply = reply
    }

    func receive() async throws(CallWireError) -> ByteBuffer? {
        guard let bytes = try await reply.request.receive() else {
            guard held.withLock({ $0.isEmpty }) else { throw .refused(RPCError(.internal, "base64 cut off")) }
            return nil
        }
        guard isText else { return bytes }
        let groups = held.withLock { held in
            held += bytes.readableBytesView
            let whole = Array(held.prefix(held.count / 4 * 4))
            held.removeFirst(whole.count)
            return whole
        }
        return try Self.decode(groups)
    }

    func respond(_ head: HTTPResponseHead, endStream: Bool) async throws(HTTPError) {
        var fields = endStream ? HTTPFields() : CallOutcome.metadata(head.fields)
        fields.append("content-type", isText ? "application/grpc-web-text+proto" : "application/grpc-web+proto")
        if let encoding = head.fields["grpc-encoding"] { fields.append("grpc-encoding", encoding) }
        try await reply.start(fields)
        // The trailers' frame is in the body here too: every client reads it there, and a browser shows no others.
        if endStream { try await finish(trailers: head.fields) }
    }

    func write(_ bytes: ByteBuffer) async throws(HTTPError) {
        guard isText else { return try await reply.request.write(bytes) }
        guard case .string(let text) = JSONCoding.json(Array(bytes.readableBytesView)) else { return }
        try await reply.request.write(ByteBuffer(string: text))
    }

    func finish(trailers: HTTPFields?) async throws(HTTPError) {
        var block = ""
        for (name, value) in trailers ?? HTTPFields() where name != "content-type" && name != "grpc-accept-encoding" {
            block += "\(name): \(value)\r\n"
        }
        try await write(CallOutcome.frame(flag: Self.trailerFlag, ByteBuffer(string: block)))
        try await reply.request.finish(trailers: nil)
    }

    /// Padding may stand behind every group: a client encodes each part it sends by itself.
    private static func decode(_ groups: [UInt8]) throws(CallWireError) -> ByteBuffer {
        var decoded = ByteBuffer()
        for start in stride(from: 0, to: groups.count, by: 4) {
            guard let bytes = Base64.decode(String(decoding: groups[start..<start + 4], as: UTF8.self)) else {
                throw .refused(RPCError(.internal, "the body is not base64"))
            }
            decoded.writeBytes(bytes)
        }
        return decoded
    }
}
