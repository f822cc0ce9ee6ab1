import OriginClient
import Testing
import Units

@testable import Node

@Suite struct DirectDownloadTests {
    private let validators = OriginValidators(size: ByteCount(100), etag: "\"a\"", lastModified: "")

    private func record(_ done: Set<Int>, _ validators: OriginValidators, url: String = "http://a/x") -> DownloadRecord
    {
        DownloadRecord(url: url, validators: validators, rangeLength: 10, done: done)
    }

    @Test func `a record gives back the ranges of the same content alone`() {
        let done: Set<Int> = [0, 1, 2, 5, 9]
        let kept = record(done, validators)
        #expect(kept.done == [[0, 3], [5, 1], [9, 1]])
        #expect(kept.ranges(of: "http://a/x", validators, rangeLength: 10) == done)
        #expect(kept.ranges(of: "http://a/x?signature=2", validators, rangeLength: 10) == done)
        #expect(kept.ranges(of: "http://a/y", validators, rangeLength: 10).isEmpty)
        #expect(kept.ranges(of: "http://a/x", validators, rangeLength: 20).isEmpty)
        for other in [
            OriginValidators(size: ByteCount(101), etag: "\"a\""),
            OriginValidators(size: ByteCount(100), etag: "\"b\""),
            OriginValidators(size: ByteCount(100), etag: "\"a\"", lastModified: "Wed, 25 Nov 2026 12:00:00 GMT"),
        ] {
            #expect(kept.ranges(of: "http://a/x", other, rangeLength: 10).isEmpty)
        }
    }

    @Test func `without a validator that tells versions apart nothing is gone on with`() {
        for weak in [OriginValidators(size: ByteCount(100)), OriginValidators(size: ByteCount(100), etag: "W/\"a\"")] {
            #expect(record([1], weak).ranges(of: "http://a/x", weak, rangeLength: 10).isEmpty)
        }
    }

    @Test func `a range beyond the file is in no record`() {
        let kept = record([3, 10, 4_000_000], validators)
        #expect(kept.ranges(of: "http://a/x", validators, rangeLength: 10) == [3])
    }

    @Test func `ranges that are done are not handed out`() {
        let ranges = RangeDispenser(size: ByteCount(35), length: 10, done: [0, 2])
        #expect(ranges.take()?.range == ByteRange(start: 10, end: 20))
        let last = ranges.take()
        #expect(last?.number == 3 && last?.range == ByteRange(start: 30, end: 35))
        #expect(ranges.take() == nil)
        ranges.finished(3)
        #expect(ranges.done == [0, 2, 3])
    }

    @Test func `waits grow, end, and begin anew once bytes came`() {
        var waits = RetryWaits(seed: 1)
        let error = OriginError(.transport, "gone")
        var before = Duration.zero
        for failure in 1..<RetryWaits.attempts {
            let wait = waits.failed(error)
            let whole = RetryWaits.shortest * (1 << (failure - 1))
            #expect(wait.map { $0 >= whole * 0.5 && $0 <= whole && $0 > before * 0.5 } == true)
            before = wait ?? .zero
        }
        #expect(waits.failed(error) == nil)
        waits.progressed()
        #expect(waits.failed(error).map { $0 <= RetryWaits.shortest } == true)
    }

    @Test func `only what may pass by itself is tried again, and no sooner than the server asks`() {
        var waits = RetryWaits(seed: 1)
        for code in [OriginError.Code.notFound, .forbidden, .changed, .refusedAddress, .tls, .cancelled] {
            #expect(waits.failed(OriginError(code, "no")) == nil)
        }
        for (status, isTried) in [(408, true), (500, true), (502, true), (504, true), (400, false), (501, false)] {
            var fresh = RetryWaits(seed: 1)
            #expect((fresh.failed(OriginError(.status, "no", status: status)) != nil) == isTried)
        }
        var fresh = RetryWaits(seed: 1)
        #expect(fresh.failed(OriginError(.throttled, "later", retryAfter: .seconds(3))) == .seconds(3))
        #expect(fresh.failed(OriginError(.throttled, "later", retryAfter: .seconds(3600))) == nil)
    }
}
