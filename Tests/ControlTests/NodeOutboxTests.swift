import NIOCore
import RPC
import SluiceAPI
import Store
import Synchronization
import Testing
import Transport
import Units

@testable import Control

/// A node's connection that takes messages or does not, as the test says.
private final class Connection: RPCPushSink {
    private struct State {
        var isFull = false
        var taken: [ConnectResponse] = []
        var whenRoom: (@Sendable () -> Void)?
        var isAborted = false
    }

    private let state = Mutex(State())

    var taken: [ConnectResponse] { state.withLock(\.taken) }
    var isAborted: Bool { state.withLock(\.isAborted) }

    func fill() { state.withLock { $0.isFull = true } }

    /// There is room again, and whoever waited is told.
    func drain() {
        let whenRoom = state.withLock { state in
            state.isFull = false
            defer { state.whenRoom = nil }
            return state.whenRoom
        }
        whenRoom?()
    }

    func push(_ message: ByteBuffer, limit: Int, whenRoom: @escaping @Sendable () -> Void) throws(RPCError) -> Bool {
        let response: ConnectResponse
        do throws(ProtobufError) {
            response = try ConnectResponse(protobuf: message)
        } catch {
            throw RPCError(.internal, "\(error)")
        }
        return state.withLock { state in
            if state.isFull {
                state.whenRoom = whenRoom
                return false
            }
            state.taken.append(response)
            return true
        }
    }

    func endRequests() {}

    func abort() { state.withLock { $0.isAborted = true } }
}

@Suite struct NodeOutboxTests {
    private func task(_ id: String, revision: UInt64) -> NodeTask {
        var task = NodeTask()
        task.task = id
        task.revision = revision
        task.work = .cancel(CancelTask())
        return task
    }

    private func send(_ id: String, revision: UInt64, to outbox: NodeOutbox) throws {
        let work = TaskRecord.encoded(.cancel(CancelTask()))
        outbox.sendTask(try #require(TaskID(id)), Revision(rawValue: revision), work: work)
    }

    private func revisions(_ connection: Connection) -> [String] {
        connection.taken.compactMap { response in
            guard case .task(let task) = response.message else { return nil }
            return "\(task.task)@\(task.revision)"
        }
    }

    @Test func `a slow node gets the newest revision of each task, once it reads`() throws {
        let connection = Connection()
        let outbox = NodeOutbox(session: 1, sink: connection)
        try send("a", revision: 1, to: outbox)
        connection.fill()
        for revision in 2...500 as ClosedRange<UInt64> {
            try send("a", revision: revision, to: outbox)
            outbox.send(.task(task("b", revision: revision)))
        }
        #expect(revisions(connection) == ["a@1"])
        connection.drain()
        #expect(revisions(connection) == ["a@1", "a@500", "b@500"])
        try send("c", revision: 1, to: outbox)
        #expect(revisions(connection).last == "c@1")
        #expect(!connection.isAborted)
    }

    @Test func `a task that is encoded already reads like any other, however long`() throws {
        let connection = Connection()
        let outbox = NodeOutbox(session: 1, sink: connection)
        var long = task("a", revision: 7)
        var cancel = CancelTask()
        cancel.reason = String(repeating: "x", count: 20_000)
        long.work = .cancel(cancel)
        outbox.sendTask(
            try #require(TaskID("a")),
            Revision(rawValue: long.revision),
            work: TaskRecord.encoded(.cancel(cancel))
        )
        #expect(connection.taken.first?.message == .task(long))
    }

    @Test func `a node that does not read is sent away at the bound or after the patience`() throws {
        let full = Connection()
        full.fill()
        let outbox = NodeOutbox(session: 1, sink: full)
        for number in 0...NodeOutbox.maximumQueued {
            #expect(!full.isAborted)
            try send("t\(number)", revision: 1, to: outbox)
        }
        #expect(full.isAborted)

        let heavy = Connection()
        heavy.fill()
        let large = NodeOutbox(session: 3, sink: heavy)
        var long = CancelTask()
        long.reason = String(repeating: "x", count: NodeOutbox.maximumQueuedBytes / 8)
        let work = TaskRecord.encoded(.cancel(long))
        for number in 0..<8 {
            #expect(!heavy.isAborted)
            large.sendTask(try #require(TaskID("t\(number)")), Revision(rawValue: 1), work: work)
        }
        #expect(heavy.isAborted)

        let silent = Connection()
        silent.fill()
        let slow = NodeOutbox(session: 2, sink: silent)
        try send("a", revision: 1, to: slow)
        let now = BootClock.now()
        #expect(!slow.closeIfStalled(at: now))
        #expect(slow.closeIfStalled(at: now + NodeOutbox.readerPatience + .seconds(1)))
        #expect(silent.isAborted)
    }
}
