internal import Leases

/// The reserve as the store keeps it: version 1, big-endian integers, windows as counted lists of bucket and bytes.
extension LeaseReserve {
    var encoded: [UInt8] {
        var bytes: [UInt8] = [1]
        func put(_ value: UInt64) { bytes += (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * $0)) } }
        put(UInt64(amounts.connections))
        put(amounts.rate)
        put(UInt64(windows.count))
        for window in windows {
            put(UInt64(window.count))
            for (bucket, charged) in window.sorted(by: { $0.key < $1.key }) {
                put(UInt64(bitPattern: bucket))
                put(charged)
            }
        }
        return bytes
    }

    /// Nil where the bytes are no reserve.
    init?(encoded: [UInt8]) {
        guard encoded.first == 1 else { return nil }
        var rest = encoded.dropFirst()
        func take() -> UInt64? {
            guard rest.count >= 8 else { return nil }
            defer { rest = rest.dropFirst(8) }
            return rest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        }
        guard let connections = take(), let rate = take(), let count = take(), count <= 16 else { return nil }
        var windows: [[Int64: UInt64]] = []
        for _ in 0..<count {
            guard let buckets = take(), buckets <= 1024 else { return nil }
            var window: [Int64: UInt64] = [:]
            for _ in 0..<buckets {
                guard let bucket = take(), let charged = take() else { return nil }
                window[Int64(bitPattern: bucket)] = charged
            }
            windows.append(window)
        }
        self.init(
            amounts: LeaseAmounts(connections: UInt32(clamping: connections), rate: rate),
            windows: windows
        )
    }
}
