internal import Synchronization

/// Bytes that passed on one connection; written on its loop, read anywhere.
final class PeerCounters: Sendable {
    let received = Atomic<UInt64>(0)
    let sent = Atomic<UInt64>(0)
    var totals: TransferTotals {
        TransferTotals(received: received.load(ordering: .relaxed), sent: sent.load(ordering: .relaxed))
    }
}
