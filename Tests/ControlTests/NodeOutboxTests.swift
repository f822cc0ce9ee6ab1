import NIOCore
import RPC
import SluiceAPI
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

    private func revisions(_ connection: Connection) -> [String] {
        connection.taken.compactMap { response in
            guard case .task(let task) = response.message else { return nil }
            return "\(task.task)@\(task.revision)"
        }
    }

    @Test func `a slow node gets the newest revision of each task, once it reads`() {
        let connection = Connection()
        let outbox = NodeOutbox(session: 1, sink: connection)
        outbox.sendTask("a", encoded: task("a", revision: 1).encoded)
        connection.fill()
        for revision in 2...500 as ClosedRange<UInt64> {
            outbox.sendTask("a", encoded: task("a", revision: revision).encoded)
            outbox.send(.task(task("b", revision: revision)))
        }
        #expect(revisions(connection) == ["a@1"])
        connection.drain()
        #expect(revisions(connection) == ["a@1", "a@500", "b@500"])
        outbox.sendTask("c", encoded: task("c", revision: 1).encoded)
        #expect(revisions(connection).last == "c@1")
        #expect(!connection.isAborted)
    }

    @Test func `a task that is encoded already reads like any other, however long`() {
        let connection = Connection()
        let outbox = NodeOutbox(session: 1, sink: connection)
        var long = task("a", revision: 7)
        var cancel = CancelTask()
        cancel.reason = String(repeating: "x", count: 20_000)
        long.work = .cancel(cancel)
        outbox.sendTask("a", encoded: long.encoded)
        #expect(connection.taken.first?.message == .task(long))
    }

    @Test func `a node that does not read is sent away at the bound or after the patience`() {
        let full = Connection()
        full.fill()
        let outbox = NodeOutbox(session: 1, sink: full)
        for number in 0...NodeOutbox.maximumQueued {
            #expect(!full.isAborted)
            outbox.sendTask("t\(number)", encoded: task("t\(number)", revision: 1).encoded)
        }
        #expect(full.isAborted)

        let silent = Connection()
        silent.fill()
        let slow = NodeOutbox(session: 2, sink: silent)
        slow.sendTask("a", encoded: task("a", revision: 1).encoded)
        let now = BootClock.now()
        #expect(!slow.closeIfStalled(at: now))
        #expect(slow.closeIfStalled(at: now + NodeOutbox.readerPatience + .seconds(1)))
        #expect(silent.isAborted)
    }
}
