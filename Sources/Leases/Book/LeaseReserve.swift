/// What survives a restart of the granter: the sum that may have been handed out, and the windows' charges.
package struct LeaseReserve: Hashable, Sendable {
    package var amounts: LeaseAmounts
    /// One dictionary of charges by bucket for each window, in the limit's order.
    package var windows: [[Int64: UInt64]]

    package init(amounts: LeaseAmounts = .none, windows: [[Int64: UInt64]] = []) {
        self.amounts = amounts
        self.windows = windows
    }
}
