import Store
import Testing
import Units

/// Small reads that wait are done together.
@Suite struct ReadGroupTests {
    @Test func `very many small reads at once each see what was written before they were asked for`() async throws {
        let folder = try ScratchFolder()
        let store = try SQLiteStore(path: folder.database)
        try await store.createOrigin(Samples.origin)
        let tasks = (0..<300).map { Samples.task("t\($0)", of: "d1", node: "n\($0)") }
        _ = try await store.createDistribution(
            blob: Samples.blob(),
            distribution: Samples.distribution("d1"),
            tasks: tasks
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in tasks {
                group.addTask {
                    #expect(try await store.openTasks(of: task.node).map(\.id) == [task.id])
                    try await store.updateTasks([TaskUpdate(id: task.id, state: .completed)])
                    #expect(try await store.task(task.id)?.state == .completed)
                }
            }
            try await group.waitForAll()
        }
        try await store.close()
    }
}
