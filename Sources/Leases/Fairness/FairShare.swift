/// Weighted max-min fair shares in whole units (leases.md C2): a level rises until the sum is reached; what is left
/// over goes one unit each to the largest fractions, ties by a turn that changes with time.
package enum FairShare {
    /// One who wants something.
    package struct Claim: Hashable, Sendable {
        package let wants: UInt64
        /// 1 to 1000 and more.
        package let weight: UInt64
        /// Breaks ties; changes with time so that turns pass on.
        package let turn: UInt64

        package init(wants: UInt64, weight: UInt64, turn: UInt64) {
            self.wants = wants
            self.weight = max(1, weight)
            self.turn = turn
        }
    }

    /// The share of each claim, in order: never above its want, in sum never above `total`.
    package static func shares(of total: UInt64, among claims: [Claim]) -> [UInt64] {
        var shares = [UInt64](repeating: 0, count: claims.count)
        let order = claims.indices.sorted {
            Double(claims[$0].wants) / Double(claims[$0].weight) < Double(claims[$1].wants) / Double(claims[$1].weight)
        }
        var left = total
        var weights = claims.reduce(0.0) { $0 + Double($1.weight) }
        var open: [Int] = []
        for index in order {
            let claim = claims[index]
            let level = weights > 0 ? Double(left) / weights : 0
            if Double(claim.wants) <= level * Double(claim.weight) {
                shares[index] = min(claim.wants, left)
                left -= shares[index]
                weights -= Double(claim.weight)
            } else {
                open.append(index)
            }
        }
        guard !open.isEmpty, weights > 0 else { return shares }
        let pool = left
        var fractions: [(index: Int, fraction: Double)] = []
        for index in open {
            let exact = Double(pool) * Double(claims[index].weight) / weights
            shares[index] = min(claims[index].wants, UInt64(min(exact, Double(left))), left)
            left -= shares[index]
            fractions.append((index, exact - exact.rounded(.down)))
        }
        fractions.sort { left, right in
            left.fraction == right.fraction
                ? claims[left.index].turn < claims[right.index].turn : left.fraction > right.fraction
        }
        for (index, _) in fractions where left > 0 && shares[index] < claims[index].wants {
            shares[index] += 1
            left -= 1
        }
        return shares
    }
}
