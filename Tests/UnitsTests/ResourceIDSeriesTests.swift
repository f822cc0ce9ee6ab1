import Testing
import Units

@Suite struct ResourceIDSeriesTests {
    @Test func `ids of a series keep the rule, differ, and sort in the order they were made`() {
        var generator = SeededGenerator(seed: 1)
        var series = ResourceIDSeries<TaskResource>(prefix: "t", using: &generator)
        let ids = (0..<5_000).map { _ in series.next() }
        #expect(ids == ids.sorted() && Set(ids).count == ids.count)
        #expect(ids.allSatisfy { TaskID($0.text) == $0 })
        var other = ResourceIDSeries<TaskResource>(prefix: "t", using: &generator)
        #expect(!ids.contains(other.next()))
    }
}
