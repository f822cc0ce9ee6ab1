import Leases
import Testing
import Units

@Suite struct FairShareTests {
    @Test func `small wants are met whole and the rest is shared evenly`() {
        let claims = [5, 100, 100].map { FairShare.Claim(wants: $0, weight: 1, turn: 0) }
        #expect(FairShare.shares(of: 65, among: claims) == [5, 30, 30])
    }

    @Test func `weights count`() {
        let claims = [FairShare.Claim(wants: 100, weight: 3, turn: 0), FairShare.Claim(wants: 100, weight: 1, turn: 1)]
        #expect(FairShare.shares(of: 40, among: claims) == [30, 10])
    }

    @Test func `whole units pass on with the turn`() {
        func shares(_ turns: [UInt64]) -> [UInt64] {
            FairShare.shares(of: 1, among: turns.map { FairShare.Claim(wants: 1, weight: 1, turn: $0) })
        }
        #expect(shares([0, 1, 2]) == [1, 0, 0])
        #expect(shares([2, 0, 1]) == [0, 1, 0])
    }

    @Test(arguments: 0..<500 as Range<UInt64>)
    func `no share exceeds its want and the sum fits`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let claims = (0..<Int.random(in: 1...20, using: &generator)).map { _ in
            FairShare.Claim(
                wants: UInt64.random(in: 0...50, using: &generator),
                weight: UInt64.random(in: 1...1000, using: &generator),
                turn: generator.next()
            )
        }
        let total = UInt64.random(in: 0...200, using: &generator)
        let shares = FairShare.shares(of: total, among: claims)
        #expect(zip(shares, claims).allSatisfy { $0 <= $1.wants })
        #expect(shares.reduce(0, +) <= total)
        #expect(shares.reduce(0, +) + UInt64(claims.count) >= min(total, claims.reduce(0) { $0 + $1.wants }))
    }
}
