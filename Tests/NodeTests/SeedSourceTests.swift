import Testing

@testable import Node

struct SeedSourceTests {
    private func seeds(_ number: UInt64?, _ name: String) -> [UInt64] {
        let source = SeedSource(number, name: name)
        return (0..<5).map { _ in source.next() }
    }

    @Test func `the same number and name choose alike, any others do not`() {
        #expect(seeds(1, "agent-1") == seeds(1, "agent-1"))
        #expect(seeds(1, "agent-1") != seeds(2, "agent-1"))
        #expect(seeds(1, "agent-1") != seeds(1, "agent-2"))
        #expect(seeds(nil, "agent-1") != seeds(nil, "agent-1"))
    }
}
