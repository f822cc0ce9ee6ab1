/// Connections and a rate: what is wanted, granted, held or reserved at an origin.
package struct LeaseAmounts: Hashable, Sendable {
    package var connections: UInt32
    /// `.max` where the origin has no limit.
    package var rate: UInt64

    package init(connections: UInt32 = 0, rate: UInt64 = 0) {
        self.connections = connections
        self.rate = rate
    }

    package static let none = LeaseAmounts()

    package static func larger(_ left: LeaseAmounts, _ right: LeaseAmounts) -> LeaseAmounts {
        LeaseAmounts(connections: max(left.connections, right.connections), rate: max(left.rate, right.rate))
    }

    package static func smaller(_ left: LeaseAmounts, _ right: LeaseAmounts) -> LeaseAmounts {
        LeaseAmounts(connections: min(left.connections, right.connections), rate: min(left.rate, right.rate))
    }

    /// The sum, clamped at the top.
    package static func + (left: LeaseAmounts, right: LeaseAmounts) -> LeaseAmounts {
        let (connections, overflow) = left.connections.addingReportingOverflow(right.connections)
        let (rate, carried) = left.rate.addingReportingOverflow(right.rate)
        return LeaseAmounts(connections: overflow ? .max : connections, rate: carried ? .max : rate)
    }

    /// The difference, not below zero.
    package static func - (left: LeaseAmounts, right: LeaseAmounts) -> LeaseAmounts {
        LeaseAmounts(
            connections: left.connections > right.connections ? left.connections - right.connections : 0,
            rate: left.rate > right.rate ? left.rate - right.rate : 0
        )
    }
}
