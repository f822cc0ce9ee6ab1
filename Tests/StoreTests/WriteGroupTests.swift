import Foundation
import Store
import Testing
import Units

@Suite struct WriteGroupTests {
    @Test func `writes at once each get their own outcome, and one that fails undoes no other`() async throws {
        let folder = try ScratchFolder()
        let store = try SQLiteStore(path: folder.path + "/group.sqlite")
        let outcomes = await withTaskGroup(of: (Int, Bool).self) { group in
            for number in 0..<200 {
                group.addTask {
                    // Every name is tried twice: one of the two is refused.
                    let id = OriginID("origin-\(number / 2)")
                    guard let id else { return (number, false) }
                    do {
                        try await store.createOrigin(OriginRecord(id: id, payload: [1], createdAt: 1))
                        return (number, true)
                    } catch {
                        return (number, false)
                    }
                }
            }
            var outcomes: [Int: [Bool]] = [:]
            for await (number, isStored) in group { outcomes[number / 2, default: []].append(isStored) }
            return outcomes
        }
        #expect(outcomes.count == 100)
        #expect(outcomes.values.allSatisfy { $0.count(where: \.self) == 1 })
        #expect(try await store.allOrigins().count == 100)
        try await store.close()
    }
}
