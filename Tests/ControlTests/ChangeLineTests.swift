import Testing
import Units

@testable import Control

@Suite(.timeLimit(.minutes(1))) struct ChangeLineTests {
    private actor Log {
        var entries: [String] = []
        func add(_ entry: String) { entries.append(entry) }
    }

    @Test func `changes of one thing wait for each other, and those of another do not`() async throws {
        let (line, log) = (ChangeLine<String>(), Log())
        let (begun, finish) = (AsyncStream.makeStream(of: Void.self), AsyncStream.makeStream(of: Void.self))
        let first = Task {
            try await line.perform("a") {
                begun.continuation.yield()
                _ = await finish.stream.first { true }
                await log.add("first")
            }
        }
        _ = await begun.stream.first { true }
        let others = (0..<3).map { number in Task { try await line.perform("a") { await log.add("later") } } }
        try await line.perform("b") { await log.add("other") }
        finish.continuation.yield()
        try await first.value
        for other in others { try await other.value }
        #expect(await log.entries == ["other", "first", "later", "later", "later"])
    }

    @Test func `one that fails lets the next begin`() async throws {
        struct Failed: Error {}
        let line = ChangeLine<String>()
        await #expect(throws: Failed.self) { try await line.perform("a") { throw Failed() } }
        #expect(try await line.perform("a") { 7 } == 7)
    }
}
