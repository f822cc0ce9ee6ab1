import Testing
import Units

@Suite struct PieceSetTests {
    @Test(arguments: [1, 7, 8, 63, 64, 65, 1000] as [UInt32], [1, 2, 3] as [UInt64])
    func `a bit field read back is the same set`(width: UInt32, seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var set = PieceSet(capacity: PieceCount(rawValue: width))
        for piece in set.capacity.indices where Bool.random(using: &generator) { set.insert(piece) }
        let read = try #require(PieceSet(bitField: set.bitField, capacity: set.capacity))
        #expect(read == set)
        #expect(set.pieces.count == set.count.int)
    }

    @Test func `a bit field with a spare bit set is refused`() {
        #expect(PieceSet(bitField: [0x01], capacity: PieceCount(rawValue: 7)) == nil)
        #expect(PieceSet(bitField: [0xFE], capacity: PieceCount(rawValue: 7))?.isFull == true)
        #expect(PieceSet(bitField: [0xFE, 0], capacity: PieceCount(rawValue: 7)) == nil)
    }

    @Test func `union and subtraction keep the count`() {
        var left = PieceSet(capacity: PieceCount(rawValue: 130))
        var right = left
        left.insert(PieceIndex(1))
        left.insert(PieceIndex(129))
        right.insert(PieceIndex(129))
        right.insert(PieceIndex(64))
        #expect(left.hasAny(missingFrom: right))
        left.formUnion(right)
        #expect(left.count.rawValue == 3)
        left.subtract(right)
        #expect(left.pieces == [PieceIndex(1)])
        let again = left.insert(PieceIndex(1))
        #expect(!again)
    }
}
