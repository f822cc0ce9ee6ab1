import Manifest
import NIOCore
import Testing
import Transport
import Units

@testable import Node

@Suite struct NodePartTests {
    @Test func `bytes that come in any cut become whole blocks`() throws {
        let geometry = try #require(PieceGeometry(size: ByteCount(rawValue: 100_000), pieceLength: 65_536))
        let cutter = BlockCutter(
            geometry: geometry,
            piece: PieceIndex(1),
            range: ByteRange(start: 65_536, end: 100_000)
        )
        var blocks: [Block] = []
        for _ in 0..<34_464 { blocks += cutter.cut(ByteBuffer(repeating: 1, count: 1)).map(\.block) }
        #expect(blocks.map(\.length) == [16_384, 16_384, 1696])
        #expect(cutter.isDone)
    }

    @Test(
        arguments: [
            ("1.2.3.4", [1, 2, 3, 4]), ("::1", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
            ("2001:db8::ff00:42", [0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0, 0, 0x42]),
        ] as [(String, [UInt8])]
    )
    func `an address is its bytes`(text: String, expected: [UInt8]) throws {
        #expect(try SocketAddress(ipAddress: text, port: 1).addressBytes == expected)
    }

    @Test func `a path segment is percent-encoded and a target is split at its query`() {
        #expect(PercentEncodedPath.segment("a b/ü") == "a%20b%2F%C3%BC")
        #expect(NodeRouter.split("/a?b=c?d") == ("/a", "b=c?d"))
        #expect(NodeRouter.split("/a") == ("/a", ""))
    }

    @Test func `ranges are handed out to the end and no further`() {
        let dispenser = RangeDispenser(size: ByteCount(rawValue: 10), length: 4)
        #expect([dispenser.take(), dispenser.take(), dispenser.take()].map { $0?.range.end } == [4, 8, 10])
        #expect(dispenser.take() == nil)
    }
}
