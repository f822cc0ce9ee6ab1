import NIOCore
import Testing

@testable import HTTP

struct UnreadBodyTests {
    /// A part of what was read from the socket, which is `whole` bytes.
    private func slice(_ count: Int, of whole: Int, filledWith byte: UInt8 = 7) throws -> ByteBuffer {
        try #require(ByteBuffer(repeating: byte, count: whole).getSlice(at: 0, length: count))
    }

    @Test func `single bytes hold no more than themselves`() throws {
        var body = UnreadBody()
        for number in 0..<10_000 {
            body.append(try slice(1, of: 16_384, filledWith: UInt8(truncatingIfNeeded: number)))
        }
        #expect(body.count == 10_000)
        let popped = body.popFirst()
        let first = try #require(popped)
        #expect(first.readableBytes == 10_000 && first.storageCapacity < 40_000)
        #expect(Array(first.readableBytesView.prefix(300)) == (0..<300).map { UInt8(truncatingIfNeeded: $0) })
        #expect(body.count == 0)
    }

    @Test func `large parts are not copied, and the order stays`() throws {
        var body = UnreadBody()
        body.append(try slice(3, of: 16_384, filledWith: 1))
        body.append(try slice(16_384, of: 262_144, filledWith: 2))
        body.append(try slice(2, of: 16_384, filledWith: 3))
        let small = body.popFirst()
        #expect(small == ByteBuffer(repeating: 1, count: 3))
        let popped = body.popFirst()
        let large = try #require(popped)
        #expect(large == ByteBuffer(repeating: 2, count: 16_384) && large.storageCapacity >= 262_144)
        #expect(body.count == 2)
        let last = body.popFirst()
        #expect(last == ByteBuffer(repeating: 3, count: 2) && body.count == 0)
    }

    @Test func `what is thrown away is counted`() throws {
        var body = UnreadBody()
        body.append(try slice(3, of: 16_384))
        body.append(try slice(16_384, of: 16_384))
        let thrown = body.removeAll()
        #expect(thrown == 16_387 && body.count == 0)
    }
}
