import Foundation
import Testing
import Units

@testable import Store

/// What is SQLite's own: the file, its limits, and what survives.
@Suite(.timeLimit(.minutes(2)))
struct SQLiteStoreTests {
    @Test func `What was acknowledged is in the files at that instant, as kill -9 leaves them`() async throws {
        let folder = try ScratchFolder()
        let store = try SQLiteStore(path: folder.database)
        try await store.createOrigin(Samples.origin)
        let tasks = [Samples.task("t1", of: "d1")]
        _ = try await store.createDistribution(
            blob: Samples.blob(),
            distribution: Samples.distribution("d1"),
            tasks: tasks
        )
        let epoch = try await store.nextControlEpoch()
        // The files as they are, without a close or a checkpoint.
        let copy = folder.path + "/copy.sqlite"
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: folder.database + suffix, toPath: copy + suffix)
        }
        let survivor = try SQLiteStore(path: copy)
        #expect(try await survivor.tasks(of: Samples.id("d1")) == tasks)
        #expect(try await survivor.nextControlEpoch() == epoch.next)
        try await survivor.close()
        try await store.close()
    }

    @Test func `Very many tasks share their work in the file, each until it gets other work`() async throws {
        let folder = try ScratchFolder()
        let store = try SQLiteStore(path: folder.database)
        try await store.createOrigin(Samples.origin)
        let work = [UInt8](repeating: 7, count: 4_000)
        var tasks = (0..<2_000).map { number in
            var task = Samples.task("t-\(1_000_000 + number)", of: "d1", node: "n\(number)")
            task.payload = number == 1_000 ? [1] : work
            return task
        }
        _ = try await store.createDistribution(
            blob: Samples.blob(),
            distribution: Samples.distribution("d1"),
            tasks: tasks
        )
        #expect(try await store.tasks(of: Samples.id("d1")) == tasks)
        let log = try #require(FileManager.default.contents(atPath: folder.database + "-wal"))
        #expect(log.count < 2_000_000, "eight million bytes of work were stored")

        let status = TaskStatusUpdate(sequence: 5, payload: [3])
        try await store.updateTasks([
            TaskUpdate(id: tasks[3].id, revision: Revision(rawValue: 2), payload: [9, 9]),
            TaskUpdate(id: tasks[4].id, state: .running, status: status),
        ])
        tasks[3].revision = Revision(rawValue: 2)
        tasks[3].payload = [9, 9]
        tasks[4].state = .running
        (tasks[4].status, tasks[4].statusSequence) = ([3], 5)
        #expect(try await store.tasks(of: Samples.id("d1")) == tasks)
        for number in [2, 3, 4, 1_000] { #expect(try await store.task(tasks[number].id) == tasks[number]) }
        #expect(try await store.openTasks(of: tasks[5].node) == [tasks[5]])
        try await store.close()
    }

    @Test func `A torn end of the log loses no earlier transaction`() async throws {
        let folder = try ScratchFolder()
        let store = try SQLiteStore(path: folder.database)
        try await store.createOrigin(Samples.origin)
        let log = folder.database + "-wal"
        let before = try #require(FileManager.default.contents(atPath: log)).count
        try await store.saveSetting("later", value: [UInt8](repeating: 1, count: 20_000))
        let copy = folder.path + "/copy.sqlite"
        try FileManager.default.copyItem(atPath: folder.database, toPath: copy)
        let whole = try #require(FileManager.default.contents(atPath: log))
        try whole.prefix(before + (whole.count - before) / 2).write(to: URL(fileURLWithPath: copy + "-wal"))
        let survivor = try SQLiteStore(path: copy)
        #expect(try await survivor.origin(Samples.origin.id) == Samples.origin)
        #expect(try await survivor.setting("later") == nil)
        try await survivor.close()
        try await store.close()
    }

    @Test func `An empty file becomes a database, and opening it again changes nothing`() async throws {
        let folder = try ScratchFolder()
        _ = FileManager.default.createFile(atPath: folder.database, contents: nil)
        let first = try SQLiteStore(path: folder.database)
        try await first.createOrigin(Samples.origin)
        try await first.close()
        let second = try SQLiteStore(path: folder.database)
        #expect(try await second.allOrigins() == [Samples.origin])
        try await second.close()
    }

    @Test func `Two handles on one file see each other's writes`() async throws {
        let folder = try ScratchFolder()
        let one = try SQLiteStore(path: folder.database)
        let two = try SQLiteStore(path: folder.database)
        for _ in 0..<10 {
            let low = try await one.nextControlEpoch()
            #expect(try await two.nextControlEpoch() == low.next)
        }
        try await one.close()
        try await two.close()
    }

    @Test func `A full disk fails the write and nothing else`() async throws {
        let folder = try ScratchFolder()
        try await SQLiteStore(path: folder.database).close()
        let store = try SQLiteStore(path: folder.database, maximumPages: 60)
        try await store.saveSetting("small", value: [1])
        let error = await #expect(throws: StoreError.self) {
            try await store.saveSetting("large", value: [UInt8](repeating: 1, count: 1 << 20))
        }
        #expect(error?.code == .diskFull)
        #expect(try await store.setting("small") == [1])
        #expect(try await store.setting("large") == nil)
        try await store.saveSetting("small", value: [2])
        #expect(try await store.setting("small") == [2])
        try await store.close()
    }

    @Test func `A file that is no database is corrupt, and a folder that is missing inputOutput`() throws {
        let folder = try ScratchFolder()
        _ = FileManager.default.createFile(atPath: folder.database, contents: Data(repeating: 65, count: 8192))
        #expect(throws: StoreError.self) { try SQLiteStore(path: folder.database) }
        do throws(StoreError) {
            _ = try SQLiteStore(path: folder.database)
        } catch {
            #expect(error.code == .corrupt)
        }
        do throws(StoreError) {
            _ = try SQLiteStore(path: folder.path + "/none/control.sqlite")
        } catch {
            #expect(error.code == .inputOutput)
        }
    }

    @Test func `A closed store answers with an error`() async throws {
        let folder = try ScratchFolder()
        let store = try SQLiteStore(path: folder.database)
        try await store.close()
        await #expect(throws: StoreError.self) { try await store.setting("x") }
    }

    @Test func `What was acknowledged survives kill -9`() async throws {
        let folder = try ScratchFolder()
        let path = folder.database
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] () async throws -> Void in
            let store = try SQLiteStore(path: path)
            try await store.createOrigin(Samples.origin)
            for sequence in 1...50 { try await store.addUsage(Samples.usage(UInt64(sequence), bytes: 2)) }
            kill(getpid(), SIGKILL)
        }
        let survivor = try SQLiteStore(path: path)
        #expect(try await survivor.allOrigins() == [Samples.origin])
        #expect(try await survivor.ledger(of: Samples.origin.id).map(\.bytes.rawValue) == [100])
        try await survivor.close()
    }
}
