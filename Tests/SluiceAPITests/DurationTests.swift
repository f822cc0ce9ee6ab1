import SluiceAPI
import Testing
import Units

@Suite struct DurationTests {
    private func duration(_ seconds: Int64, _ nanos: Int32) -> ProtoDuration {
        var duration = ProtoDuration()
        (duration.seconds, duration.nanos) = (seconds, nanos)
        return duration
    }

    @Test(
        arguments: [
            (0, 0, true), (5, 999_999_999, true), (-5, -1, true), (0, -1, true), (315_576_000_000, 0, true),
            (315_576_000_001, 0, false), (-315_576_000_001, 0, false), (.min, 0, false), (.max, 0, false),
            (1, 1_000_000_000, false), (1, .min, false), (1, -1, false), (-1, 1, false),
        ] as [(Int64, Int32, Bool)]
    )
    func `a duration is ten thousand years at most, and of one sign`(seconds: Int64, nanos: Int32, isValid: Bool) {
        #expect(duration(seconds, nanos).isValid == isValid)
        // Whatever it is, it has a span, which fits into arithmetic.
        let span = duration(seconds, nanos).duration
        #expect(span + span <= .seconds(2 * 315_576_000_001) && span + span >= .seconds(-2 * 315_576_000_001))
        #expect(!isValid || ProtoDuration(span) == duration(seconds, nanos))
    }

    @Test func `spans of pieces ascend, and name no piece twice`() {
        func spans(_ pairs: [(UInt32, UInt32)]) -> [PieceSpan] {
            pairs.map { first, count in
                var span = PieceSpan()
                (span.first, span.count) = (first, count)
                return span
            }
        }
        let count = PieceCount(rawValue: 10)
        #expect(spans([(0, 2), (2, 1), (8, 9)]).pieces(below: count)?.map(\.rawValue) == [0, 1, 2, 8, 9])
        #expect(spans([(20, .max)]).pieces(below: count) == [])
        #expect(spans([]).pieces(below: count) == [])
        let broken: [[(UInt32, UInt32)]] = [
            [(0, 5), (4, 1)], [(5, 1), (0, 1)], [(3, 0)], Array(repeating: (0, .max), count: 10),
        ]
        for wrong in broken {
            #expect(spans(wrong).pieces(below: count) == nil)
        }
    }
}
