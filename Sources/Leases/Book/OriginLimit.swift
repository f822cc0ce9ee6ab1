/// What an origin can bear at once; nil where there is no limit.
package struct OriginLimit: Hashable, Sendable {
    package var connections: UInt32?
    /// Bytes per second.
    package var rate: UInt64?
    package var windows: [WindowLimit]

    package init(connections: UInt32?, rate: UInt64?, windows: [WindowLimit] = []) {
        self.connections = connections
        self.rate = rate
        self.windows = windows
    }

    var amounts: LeaseAmounts { LeaseAmounts(connections: connections ?? .max, rate: rate ?? .max) }
}
