import Testing

@testable import RPC

struct WriteTurnsTests {
    @Test func `a turn is taken out of line only while nobody has it`() async {
        let turns = WriteTurns()
        #expect(turns.takeIfFree())
        #expect(!turns.takeIfFree())
        async let next: Void = turns.take()
        turns.give()
        await next
        #expect(!turns.takeIfFree())
        turns.give()
        #expect(turns.takeIfFree())
        turns.give()
    }
}
