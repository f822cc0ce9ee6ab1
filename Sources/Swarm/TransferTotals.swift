/// Bytes of blocks that passed, by direction.
struct TransferTotals: Hashable, Sendable {
    var received: UInt64 = 0
    var sent: UInt64 = 0
}
