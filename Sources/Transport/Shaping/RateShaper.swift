internal import NIOConcurrencyHelpers
internal import Synchronization
package import Units

/// Shapes what leaves to a rate that can change at any time; every connection that it holds for shares it.
package final class RateShaper: Sendable {
    private let bucket: NIOLockedValueBox<TokenBucket>
    /// Without a limit nobody waits for the lock.
    private let isLimited = Atomic(false)

    /// Without a limit at first.
    package init() {
        bucket = NIOLockedValueBox(TokenBucket(rate: BytesPerSecond(rawValue: .max), at: BootClock.now()))
    }

    /// At most `rate` from now on; nil is no limit, zero holds everything back.
    package func limit(to rate: BytesPerSecond?) {
        let rate = rate ?? BytesPerSecond(rawValue: .max)
        bucket.withLockedValue { bucket in
            if bucket.rate != rate { bucket.rateChanged(to: rate, at: BootClock.now()) }
        }
        isLimited.store(rate.rawValue != .max, ordering: .releasing)
    }

    /// How long until something may leave, zero where it may now; at most a second.
    package var wait: Duration {
        guard isLimited.load(ordering: .acquiring) else { return .zero }
        return bucket.withLockedValue { $0.wait(at: BootClock.now()) }
    }

    /// Bytes leave.
    package func charge(_ bytes: ByteCount) {
        guard isLimited.load(ordering: .acquiring) else { return }
        bucket.withLockedValue { $0.charge(bytes) }
    }
}
