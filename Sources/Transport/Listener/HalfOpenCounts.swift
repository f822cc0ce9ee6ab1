/// How many connections of one address have not yet shown what they want: those that hold back a handshake or a first
/// request would otherwise be as many as their deadlines let them. A machine without I/O.
///
/// | address | connectionCame | connectionDone |
/// | --- | --- | --- |
/// | none open | one open | ours: precondition |
/// | some open | one more; refused at the bound | one less |
package struct HalfOpenCounts: Sendable {
    /// Connections of one address, or of one IPv6 network of 64 bits, at most.
    package let maximumPerAddress: Int
    private var counts: [[UInt8]: Int] = [:]
    /// Connections that were refused since the start.
    package private(set) var refused: UInt64 = 0

    /// Nothing is open.
    package init(maximumPerAddress: Int) {
        precondition(maximumPerAddress > 0, "somebody may connect")
        self.maximumPerAddress = maximumPerAddress
    }

    /// What counts as one address: all of IPv4, the first half of IPv6, which is the network that one host can fill.
    package static func key(of address: [UInt8]) -> [UInt8] { address.count == 16 ? Array(address.prefix(8)) : address }

    /// Whether another connection under this key may begin.
    package mutating func connectionCame(_ key: [UInt8]) -> Bool {
        let count = counts[key] ?? 0
        guard count < maximumPerAddress else {
            refused += 1
            return false
        }
        counts[key] = count + 1
        return true
    }

    /// One that began has shown what it wants, or has ended.
    package mutating func connectionDone(_ key: [UInt8]) {
        guard let count = counts[key], count > 0 else { preconditionFailure("a connection is done that did not come") }
        counts[key] = count == 1 ? nil : count - 1
    }

    /// Connections that are counted now.
    package var count: Int { counts.values.reduce(0, +) }
}
