extension PieceSet {
    /// BEP 3 bit field: high bit first, spare bits zero.
    package var bitField: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: (capacity.int + 7) / 8)
        for piece in pieces { bytes[piece.int / 8] |= 0x80 >> UInt8(piece.int % 8) }
        return bytes
    }
    /// Nil where the length does not fit the capacity or a spare bit is set (BEP 3).
    package init?(bitField: some Collection<UInt8>, capacity: PieceCount) {
        guard bitField.count == (capacity.int + 7) / 8 else { return nil }
        self.init(capacity: capacity)
        for (position, byte) in bitField.enumerated() where byte != 0 {
            for bit in 0..<8 where byte & (0x80 >> UInt8(bit)) != 0 {
                let index = position * 8 + bit
                guard index < capacity.int else { return nil }
                insert(PieceIndex(index))
            }
        }
    }
}
