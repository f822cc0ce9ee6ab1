import NIOCore
import Testing

@testable import RPC

struct GzipTests {
    private let zeros = ByteBuffer(repeating: 0, count: 3 * 1024 * 1024)

    @Test(arguments: [0, 1, 100, 65_536, 65_537, 1_000_000])
    func `what is compressed decompresses to itself`(count: Int) throws {
        let message = ByteBuffer(bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) })
        #expect(try GzipInflater.decompress(GzipDeflater.compress(message), limits: RPCLimits()) == message)
    }

    @Test func `a bomb stops at the ratio`() {
        var limits = RPCLimits()
        limits.decompressionAllowance = 1024 * 1024
        limits.maximumDecompressionRatio = 100
        let bomb = GzipDeflater.compress(zeros)
        #expect(throws: FramingError.ratioExceeded(limit: 100)) {
            try GzipInflater.decompress(bomb, limits: limits)
        }
    }

    @Test func `a bomb stops at the message limit`() {
        var limits = RPCLimits()
        limits.maximumReceivedMessageBytes = 100_000
        let bomb = GzipDeflater.compress(zeros)
        #expect(throws: FramingError.messageTooLarge(limit: 100_000)) {
            try GzipInflater.decompress(bomb, limits: limits)
        }
    }

    @Test func `what is no whole gzip stream is refused`() {
        let whole = GzipDeflater.compress(ByteBuffer(string: "a message"))
        var cut = whole
        cut.moveWriterIndex(to: whole.writerIndex - 1)
        var longer = whole
        longer.writeInteger(0, as: UInt8.self)
        var corrupt = whole
        corrupt.setInteger(0xFF, at: 12, as: UInt8.self)
        for broken in [cut, longer, corrupt, ByteBuffer(), ByteBuffer(string: "plain text")] {
            #expect(throws: FramingError.compressionBroken) {
                try GzipInflater.decompress(broken, limits: RPCLimits())
            }
        }
    }
}
