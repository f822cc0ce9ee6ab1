import Scheduling
import Testing
import Units

@Suite struct SchedulingTests {
    @Test func `a revision is applied once whatever is repeated or comes late`() {
        var inbox = TaskInbox()
        let got1 = inbox.taskArrived("t", revision: 1)
        #expect(got1)
        let again = inbox.taskArrived("t", revision: 1)
        #expect(!again)
        let got2 = inbox.taskArrived("t", revision: 3)
        #expect(got2)
        let late = inbox.taskArrived("t", revision: 2)
        #expect(!late)
        #expect(inbox.revisions.map(\.revision) == [3])
    }

    @Test func `a status is repeated until its newest sequence is acknowledged`() {
        var outbox = StatusOutbox<String>()
        let got3 = outbox.statusChanged("t", to: "half", floor: 10)
        #expect(got3 == 10)
        let got4 = outbox.statusChanged("t", to: "half", floor: 10)
        #expect(got4 == nil)
        let got5 = outbox.statusChanged("t", to: "done", floor: 10)
        #expect(got5 == 11)
        outbox.acknowledged("t", sequence: 10)
        #expect(outbox.unacknowledged.map(\.status) == ["done"])
        outbox.acknowledged("t", sequence: 11)
        #expect(outbox.unacknowledged.isEmpty)
    }

    @Test func `a distribution is over when every agent is`() {
        #expect(DistributionOutcome.of(agents: [.pending], relays: [.pending]) == .pending)
        #expect(DistributionOutcome.of(agents: [.pending], relays: [.running]) == .running)
        #expect(DistributionOutcome.of(agents: [.completed, .running], relays: [.completed]) == .running)
        #expect(DistributionOutcome.of(agents: [.completed, .completed], relays: [.running]) == .completed)
        #expect(
            DistributionOutcome.of(agents: [.completed, .failed], relays: [.completed])
                == .targetsFailed(count: 1)
        )
        #expect(DistributionOutcome.of(agents: [.running], relays: [.failed, .failed]) == .relaysFailed)
        #expect(DistributionOutcome.of(agents: [.running], relays: [.failed, .running]) == .running)
    }

    @Test func `relays with less to do come first`() throws {
        let names = try ["a", "b", "c"].map { try #require(NodeID($0)) }
        let candidates = zip(names, [2, 0, 2]).map { RelayPlacement.Candidate(node: $0, load: $1) }
        #expect(RelayPlacement.choose(candidates, atMost: 2) == [names[1], names[0]])
        #expect(RelayPlacement.choose(candidates, atMost: nil).count == 3)
    }
}
