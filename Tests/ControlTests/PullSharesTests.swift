import Testing
import Units

@testable import Control

@Suite struct PullSharesTests {
    private let start = BootTime(nanoseconds: 1_000_000_000)

    @Test(arguments: [(65_536, 16, 32), (1 << 20, 16, 32), (4 << 20, 4, 8), (16 << 20, 1, 4)] as [(UInt32, Int, Int)])
    func `what is worth moving and what may be under way are bytes`(length: UInt32, worth: Int, underWay: Int) {
        let shares = PullShares(pieceLength: length)
        #expect(shares.worthMoving == worth && shares.underWay == underWay)
    }

    @Test func `a slow relay with large pieces is no relay that has stalled`() {
        // 2 MB/s tell of 16 MiB each eight seconds.
        let shares = PullShares(pieceLength: 16 << 20)
        var pace = RelayPace(at: start)
        #expect(shares.patience(with: pace) == .seconds(32))
        pace.pulled(1, at: start + .seconds(8))
        pace.pulled(1, at: start + .seconds(16))
        #expect(shares.patience(with: pace) == .seconds(64))
    }

    @Test func `one with small pieces has five seconds`() {
        let shares = PullShares(pieceLength: 1 << 20)
        var pace = RelayPace(at: start)
        #expect(shares.patience(with: pace) == .seconds(5))
        pace.pulled(50, at: start + .seconds(1))
        #expect(shares.patience(with: pace) == .seconds(5))
    }
}
