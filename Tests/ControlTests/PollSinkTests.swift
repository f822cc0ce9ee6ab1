import NIOCore
import RPC
import SluiceAPI
import Testing
import Transport
import Units

@testable import Control

/// Control's side of a node that polls.
@Suite(.timeLimit(.minutes(1))) struct PollSinkTests {
    private func task(_ id: String, revision: UInt64, padding: Int = 0) -> NodeTask {
        var task = NodeTask()
        task.task = id
        task.revision = revision
        var cancel = CancelTask()
        cancel.reason = String(repeating: "x", count: padding)
        task.work = .cancel(cancel)
        return task
    }

    private func revisions(_ messages: [ByteBuffer]) throws -> [String] {
        try messages.map { bytes in
            guard case .task(let task) = try ConnectResponse(protobuf: bytes).message else { return "" }
            return "\(task.task)@\(task.revision)"
        }
    }

    private func untilPoll(_ number: UInt64, waitsAt sink: PollSink) async {
        while sink.waitingPoll != number { await Task.yield() }
    }

    @Test func `a poll that waits is answered as soon as there is a task`() async throws {
        let sink = PollSink()
        let outbox = NodeOutbox(session: 1, sink: sink)
        let begin = ContinuousClock.now
        async let answer = sink.answer(to: 0, within: .seconds(30))
        await untilPoll(1, waitsAt: sink)
        outbox.send(.task(task("a", revision: 1)))
        let (number, messages) = try await answer
        #expect(number == 1)
        #expect(try revisions(messages) == ["a@1"])
        #expect(ContinuousClock.now - begin < .seconds(10))
    }

    @Test func `an answer that was lost comes again, and what is newer behind it`() async throws {
        let sink = PollSink()
        let outbox = NodeOutbox(session: 1, sink: sink)
        outbox.send(.task(task("a", revision: 1)))
        let lost = try await sink.answer(to: 0, within: .zero)
        outbox.send(.task(task("b", revision: 1)))
        let again = try await sink.answer(to: 0, within: .zero)
        #expect(again.number == lost.number && again.messages == lost.messages)
        let next = try await sink.answer(to: 1, within: .zero)
        #expect(try next.number == 2 && revisions(next.messages) == ["b@1"])
        let none = try await sink.answer(to: 2, within: .milliseconds(20))
        #expect(none.number == 2 && none.messages.isEmpty)
        await #expect(throws: UserError.self) { try await sink.answer(to: 7, within: .zero) }
    }

    @Test func `a node that polls seldom gets the newest revision of each task, and costs a bounded amount`()
        async throws
    {
        let sink = PollSink()
        let outbox = NodeOutbox(session: 1, sink: sink)
        outbox.send(.task(task("first", revision: 1, padding: 40_000)))
        for revision in 1...500 as ClosedRange<UInt64> {
            outbox.send(.task(task("a", revision: revision, padding: 1000)))
        }
        let first = try await sink.answer(to: 0, within: .zero)
        let second = try await sink.answer(to: 1, within: .zero)
        #expect(try revisions(first.messages) == ["first@1"])
        #expect(try revisions(second.messages) == ["a@500"])
    }

    @Test func `the latest poll gets what there is, the one before it nothing`() async throws {
        let sink = PollSink()
        async let older = sink.answer(to: 0, within: .seconds(30))
        await untilPoll(1, waitsAt: sink)
        async let newer = sink.answer(to: 0, within: .seconds(30))
        await untilPoll(2, waitsAt: sink)
        let (number, messages) = try await older
        #expect(number == 0 && messages.isEmpty)
        NodeOutbox(session: 1, sink: sink).send(.task(task("a", revision: 1)))
        let got = try await newer
        #expect(try revisions(got.messages) == ["a@1"])
    }

    @Test func `the last words of a session are told, and a broken one says none`() async throws {
        let sink = PollSink()
        let outbox = NodeOutbox(session: 1, sink: sink)
        async let waiting = sink.answer(to: 0, within: .seconds(30))
        await untilPoll(1, waitsAt: sink)
        outbox.send(.drain(Drain()))
        outbox.close()
        let last = try await waiting
        #expect(last.messages.count == 1)
        #expect(sink.isOver)
        let broken = PollSink()
        let cut = Task { try await broken.answer(to: 0, within: .seconds(30)) }
        await untilPoll(1, waitsAt: broken)
        broken.abort()
        await #expect(throws: UserError.self) { _ = try await cut.value }
    }

    @Test func `a session ends when its node polls no more, and not in the middle of a poll`() throws {
        let start = BootClock.now()
        let late = start + NodePolls.patience
        let polls = NodePolls()
        let sink = PollSink()
        let node = try #require(NodeID("agent-1"))
        let stream = NodeStream(node: node, role: .agent, outbox: NodeOutbox(session: 1, sink: sink))
        let session = polls.began(stream, sink, at: start)
        #expect(polls.session(session.number) === session)
        session.pollBegan()
        #expect(polls.ended(at: late).isEmpty)
        session.pollEnded(at: start)
        #expect(polls.ended(at: late - .seconds(1)).isEmpty)
        #expect(polls.ended(at: late).count == 1)
        polls.abort(node)
        #expect(polls.ended(at: start).count == 1)
        #expect(polls.remove(session) && !polls.remove(session))
    }
}
