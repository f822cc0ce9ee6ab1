/// A set of pieces of one blob as a bit field of fixed width.
package struct PieceSet: Hashable, Sendable {
    /// The width: how many pieces the blob has.
    package let capacity: PieceCount
    /// How many pieces are in the set.
    package private(set) var count: PieceCount
    private var words: [UInt64]

    /// An empty set over a blob of `capacity` pieces.
    package init(capacity: PieceCount) {
        self.capacity = capacity
        self.count = PieceCount(rawValue: 0)
        self.words = Array(repeating: 0, count: (capacity.int + 63) / 64)
    }
    /// A set that holds every piece.
    package init(full capacity: PieceCount) {
        self.init(capacity: capacity)
        for index in 0..<capacity.int { words[index / 64] |= 1 << UInt64(index % 64) }
        count = capacity
    }
    package var isEmpty: Bool { count.rawValue == 0 }
    package var isFull: Bool { count == capacity }
    /// False for an index beyond the capacity.
    package func contains(_ piece: PieceIndex) -> Bool {
        piece.rawValue < capacity.rawValue && words[piece.int / 64] & (1 << UInt64(piece.int % 64)) != 0
    }
    /// Returns whether the piece was new. Traps beyond the capacity.
    @discardableResult package mutating func insert(_ piece: PieceIndex) -> Bool {
        precondition(piece.rawValue < capacity.rawValue, "a piece beyond the end of its blob")
        let bit: UInt64 = 1 << UInt64(piece.int % 64)
        guard words[piece.int / 64] & bit == 0 else { return false }
        words[piece.int / 64] |= bit
        count.rawValue += 1
        return true
    }
    /// Returns whether the piece was there.
    @discardableResult package mutating func remove(_ piece: PieceIndex) -> Bool {
        guard contains(piece) else { return false }
        words[piece.int / 64] &= ~(1 << UInt64(piece.int % 64))
        count.rawValue -= 1
        return true
    }
    /// Adds all of `other`, which has the same capacity.
    package mutating func formUnion(_ other: PieceSet) { combine(other, |) }
    /// Removes all of `other`, which has the same capacity.
    package mutating func subtract(_ other: PieceSet) { combine(other) { $0 & ~$1 } }
    /// Whether this set has a piece that `other` lacks.
    package func hasAny(missingFrom other: PieceSet) -> Bool {
        precondition(capacity == other.capacity, "piece sets of different blobs")
        return words.indices.contains { words[$0] & ~other.words[$0] != 0 }
    }
    /// The pieces in ascending order.
    package var pieces: [PieceIndex] {
        var found: [PieceIndex] = []
        found.reserveCapacity(count.int)
        for (position, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                found.append(PieceIndex(position * 64 + rest.trailingZeroBitCount))
                rest &= rest - 1
            }
        }
        return found
    }
    private mutating func combine(_ other: PieceSet, _ operation: (UInt64, UInt64) -> UInt64) {
        precondition(capacity == other.capacity, "piece sets of different blobs")
        var total = 0
        for index in words.indices {
            words[index] = operation(words[index], other.words[index])
            total += words[index].nonzeroBitCount
        }
        count = PieceCount(total)
    }
}
