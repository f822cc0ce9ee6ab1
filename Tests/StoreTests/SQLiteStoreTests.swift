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
