package import Units

/// Counts the bytes granted within any window of a length: a ring of buckets, charged when granted, credited to the
/// same bucket when reported unused (leases.md C2, kind 3). A chunk may be used up to a bucket's length after it was
/// charged, and the origin's clock may run a little slower than ours: so the two buckets before a window's 61 count too,
/// and any real window is covered whole.
package struct ByteWindow: Hashable, Sendable {
    package static let buckets = 60
    /// Buckets before the window that still count: one for late use, one for drift.
    private static let lateBuckets = 2

    package let limit: WindowLimit
    private var charged: [Int64: UInt64] = [:]

    package init(limit: WindowLimit) { self.limit = limit }

    /// Restores charges of an earlier run. Its clock may be another boot's, so all of them count from now on: that is
    /// never too little, and over after one window.
    package init(limit: WindowLimit, charged: [Int64: UInt64], at now: BootTime) {
        self.limit = limit
        let sum = charged.values.reduce(0) { $0.addingReportingOverflow($1).overflow ? .max : $0 + $1 }
        if sum > 0 { self.charged[bucket(now)] = sum }
    }

    /// How long a chunk may be used: one bucket.
    package var bucketLength: Duration { limit.length / Self.buckets }

    /// What must survive a restart: charges by bucket number.
    package var charges: [Int64: UInt64] { charged }

    private func bucket(_ now: BootTime) -> Int64 { now.nanoseconds / max(1, bucketLength.nanoseconds) }

    /// Bytes that may still be granted now.
    package mutating func remaining(at now: BootTime) -> UInt64 {
        let oldest = bucket(now) - Int64(Self.buckets + Self.lateBuckets)
        charged = charged.filter { $0.key >= oldest }
        let used = charged.values.reduce(0, +)
        return used < limit.bytes ? limit.bytes - used : 0
    }

    /// Charges bytes to the bucket of now and returns its number; nil where they do not fit.
    package mutating func charge(_ bytes: UInt64, at now: BootTime) -> Int64? {
        guard bytes <= remaining(at: now) else { return nil }
        let number = bucket(now)
        charged[number, default: 0] += bytes
        return number
    }

    /// Gives unused bytes back to the bucket they were charged to.
    package mutating func credit(_ bytes: UInt64, to bucket: Int64) {
        guard let known = charged[bucket] else { return }
        charged[bucket] = known > bytes ? known - bytes : 0
    }
}
