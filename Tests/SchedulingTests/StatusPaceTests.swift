import Scheduling
import Testing

@Suite struct StatusPaceTests {
    @Test func `few agents tell four times a second`() {
        #expect(StatusPace.interval(agents: 0) == .milliseconds(250))
        #expect(StatusPace.interval(agents: 500) == .milliseconds(250))
    }

    @Test(arguments: [501, 10_000, 100_000, 1_000_000])
    func `of many agents control hears no more than it can take`(agents: Int) {
        let statuses = Double(agents) / (StatusPace.interval(agents: agents) / .seconds(1))
        #expect(statuses <= Double(StatusPace.statusesPerSecond) * 1.01)
        let looks = Double(agents) / (StatusPace.lookInterval(tasks: agents) / .seconds(1))
        #expect(looks <= max(Double(StatusPace.tasksPerSecond), Double(agents) * 10))
    }
}
