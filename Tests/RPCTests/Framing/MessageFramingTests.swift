import NIOCore
import Testing

@testable import RPC

struct MessageFramingTests {
    private func framed(_ message: [UInt8], compressed: Bool) throws -> ByteBuffer {
        try MessageFramer(encoding: .gzip, limits: RPCLimits()).frame(
            ByteBuffer(bytes: message),
            compressed: compressed
        )
    }

    @Test func `a message is one flag byte, four bytes of length, and itself`() throws {
        #expect(Array(try framed([7, 8], compressed: false).readableBytesView) == [0, 0, 0, 0, 2, 7, 8])
    }

    @Test(arguments: [1, 2, 3, 5, 7, 1000]) func `messages come out whole however the bytes are cut`(step: Int) throws {
        var wire = ByteBuffer()
        let messages: [[UInt8]] = [[], [1], Array(repeating: 9, count: 300), [2, 3]]
        for (index, message) in messages.enumerated() {
            wire.writeImmutableBuffer(try framed(message, compressed: index % 2 == 0))
        }
        var deframer = MessageDeframer(encoding: .gzip, limits: RPCLimits())
        var found: [[UInt8]] = []
        while wire.readableBytes > 0 {
            if let part = wire.readSlice(length: min(step, wire.readableBytes)) { deframer.bytesArrived(part) }
            while let message = try deframer.nextMessage() { found.append(Array(message.readableBytesView)) }
        }
        try deframer.endArrived()
        #expect(found == messages)
    }

    @Test func `a length over the limit is refused before its bytes come`() {
        var limits = RPCLimits()
        limits.maximumReceivedMessageBytes = 10
        var deframer = MessageDeframer(encoding: .identity, limits: limits)
        deframer.bytesArrived(ByteBuffer(bytes: [0, 0, 0, 0, 11]))
        #expect(throws: FramingError.messageTooLarge(limit: 10)) { try deframer.nextMessage() }
        deframer.bytesArrived(ByteBuffer(bytes: [0, 0, 0, 0, 0]))
        #expect(throws: FramingError.messageTooLarge(limit: 10)) { try deframer.nextMessage() }
    }

    @Test func `a message of exactly the limit passes`() throws {
        var limits = RPCLimits()
        limits.maximumReceivedMessageBytes = 3
        var deframer = MessageDeframer(encoding: .gzip, limits: limits)
        deframer.bytesArrived(ByteBuffer(bytes: [0, 0, 0, 0, 3, 1, 2, 3]))
        #expect(try deframer.nextMessage() == ByteBuffer(bytes: [1, 2, 3]))
    }

    @Test func `the flag is judged`() {
        var unknown = MessageDeframer(encoding: .gzip, limits: RPCLimits())
        unknown.bytesArrived(ByteBuffer(bytes: [2]))
        #expect(throws: FramingError.flagUnknown(2)) { try unknown.nextMessage() }
        var undeclared = MessageDeframer(encoding: .identity, limits: RPCLimits())
        undeclared.bytesArrived(ByteBuffer(bytes: [1]))
        #expect(throws: FramingError.compressionUndeclared) { try undeclared.nextMessage() }
    }

    @Test func `an end inside a message is the peer's fault`() throws {
        var deframer = MessageDeframer(encoding: .identity, limits: RPCLimits())
        deframer.bytesArrived(ByteBuffer(bytes: [0, 0, 0, 0, 3, 1]))
        #expect(try deframer.nextMessage() == nil)
        #expect(throws: FramingError.truncated) { try deframer.endArrived() }
    }
}
