import Testing
import Units

@Suite struct TokenBucketTests {
    @Test(arguments: 1...50 as ClosedRange<UInt64>)
    func `bytes in any time are at most the rate times the time and a burst`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let rate = BytesPerSecond(rawValue: 1_000_000)
        var now = BootTime.zero
        var bucket = TokenBucket(rate: rate, at: now)
        var taken: UInt64 = 0
        for _ in 0..<400 {
            now = now + .milliseconds(Int64.random(in: 0...50, using: &generator))
            let wanted = ByteCount(rawValue: UInt64.random(in: 1...300_000, using: &generator))
            taken += bucket.take(upTo: wanted, atLeast: .kibibytes(16), at: now).rawValue
            let allowed = Double(rate.rawValue) * ((now - .zero).seconds + TokenBucket.burst.seconds)
            #expect(Double(taken) <= allowed + 1)
        }
        #expect(taken > 0)
    }

    @Test func `a bucket without a rate gives nothing and one without a limit everything`() {
        var none = TokenBucket(rate: .zero, at: .zero)
        let later = BootTime.zero + .seconds(5)
        let got1 = none.take(upTo: .mebibytes(1), atLeast: .kibibytes(1), at: later)
        #expect(got1 == .zero)
        var all = TokenBucket(rate: BytesPerSecond(rawValue: .max), at: .zero)
        let got2 = all.take(upTo: .mebibytes(1), atLeast: .kibibytes(1), at: .zero) == .mebibytes(1)
        #expect(got2)
    }

    @Test func `whole blocks pass on credit and the rate holds over any time`() {
        var bucket = TokenBucket(rate: BytesPerSecond(rawValue: 100_000), at: .zero)
        var passed: UInt64 = 0
        var now = BootTime.zero
        while now < .zero + .seconds(10) {
            if bucket.hasRoom(at: now) {
                bucket.charge(ByteCount(16_384))
                passed += 16_384
            } else {
                now = now + bucket.wait(at: now)
            }
        }
        #expect(passed <= 1_000_000 + 20_000 + 16_384)
        #expect(passed >= 980_000)
    }

    @Test func `nothing passes at rate zero and everything without a rate`() {
        var closed = TokenBucket(rate: .zero, at: .zero)
        let isOpen = closed.hasRoom(at: .zero + .seconds(100))
        let wait = closed.wait(at: .zero + .seconds(100))
        #expect(!isOpen)
        #expect(wait == .seconds(1))
        var open = TokenBucket(rate: BytesPerSecond(rawValue: .max), at: .zero)
        open.charge(ByteCount(1 << 40))
        let stillOpen = open.hasRoom(at: .zero)
        #expect(stillOpen)
    }
}
