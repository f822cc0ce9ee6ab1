import Testing
import Units

@testable import Control

@Suite struct RelayPaceTests {
    @Test func `what is open takes as long as as much has taken so far, and more of it never less`() {
        var broken: [UInt64] = []
        for seed in UInt64(0)..<10_000 {
            var generator = SeededGenerator(seed: seed)
            let began = BootTime.zero + .milliseconds(Int.random(in: 0...1_000_000, using: &generator))
            var (now, pieces) = (began, 0)
            var pace = RelayPace(at: began)
            for _ in 0..<10 {
                now = now + .milliseconds(Int.random(in: 0...2_000, using: &generator))
                let count = Int.random(in: 0...8, using: &generator)
                pace.pulled(count, at: now)
                pieces += count
                let open = Int.random(in: 0...500, using: &generator)
                let asMuch = pace.expected(for: max(1, pieces)) - (now - began)
                let holds =
                    pace.lastHeard == now && pace.expected(for: open) >= .zero
                    && pace.expected(for: open + 1) >= pace.expected(for: open)
                    && asMuch < .milliseconds(1) && asMuch > .milliseconds(-1)
                if !holds, broken.last != seed { broken.append(seed) }
            }
        }
        #expect(broken.isEmpty)
    }
}
