import Scheduling
import Testing
import Units

@Suite struct TaskOutboxTests {
    private func drained(_ outbox: inout TaskOutbox<String, Int>) -> [Int] {
        var messages: [Int] = []
        while let next = outbox.next {
            messages.append(next)
            outbox.messageTaken()
            outbox.checkInvariants()
        }
        return messages
    }

    @Test func `newer state replaces older and goes behind what waits`() {
        var outbox = TaskOutbox<String, Int>(maximumMessages: 8)
        #expect(outbox.messageReady(1, key: "a") == .kept)
        #expect(outbox.messageReady(2, key: nil) == .kept)
        #expect(outbox.messageReady(3, key: "b") == .kept)
        #expect(outbox.messageReady(4, key: "a") == .replaced)
        #expect(outbox.count == 3)
        #expect(drained(&outbox) == [2, 3, 4])
        #expect(outbox.isEmpty)
    }

    @Test func `one message too many ends the stream and changes nothing that waits`() {
        var outbox = TaskOutbox<String, Int>(maximumMessages: 2)
        _ = outbox.messageReady(1, key: "a")
        _ = outbox.messageReady(2, key: nil)
        #expect(outbox.messageReady(3, key: nil) == .overflowed)
        // What replaces takes no room.
        #expect(outbox.messageReady(4, key: "a") == .replaced)
        #expect(drained(&outbox) == [2, 4])
    }

    @Test func `more bytes than may wait end the stream, and one message alone may be larger`() {
        var outbox = TaskOutbox<String, Int>(maximumMessages: 8, maximumBytes: 10)
        #expect(outbox.messageReady(1, key: "a", bytes: 100) == .kept)
        #expect(outbox.messageReady(2, key: nil, bytes: 1) == .overflowed)
        #expect(outbox.messageReady(3, key: "a", bytes: 6) == .replaced)
        #expect(outbox.messageReady(4, key: nil, bytes: 4) == .kept)
        #expect(outbox.messageReady(5, key: nil, bytes: 1) == .overflowed)
        #expect(drained(&outbox) == [3, 4] && outbox.bytes == 0)
    }

    @Test func `a node counts as gone once it has taken nothing for the whole patience`() {
        var outbox = TaskOutbox<String, Int>(maximumMessages: 8)
        let start = BootTime(nanoseconds: 1_000_000_000)
        outbox.readerFull(at: start)
        #expect(!outbox.isStalled(at: start + .seconds(99), patience: .seconds(30)))
        _ = outbox.messageReady(1, key: nil)
        _ = outbox.messageReady(2, key: nil)
        outbox.readerFull(at: start)
        outbox.readerFull(at: start + .seconds(20))
        #expect(!outbox.isStalled(at: start + .seconds(29), patience: .seconds(30)))
        #expect(outbox.isStalled(at: start + .seconds(30), patience: .seconds(30)))
        outbox.messageTaken()
        #expect(!outbox.isStalled(at: start + .seconds(99), patience: .seconds(30)))
    }

    /// A model of what must come out: for each key the newest message, everything without a key, in order of arrival.
    @Test(arguments: 0..<50) func `nothing is lost, doubled or out of order for any seed`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var outbox = TaskOutbox<String, Int>(maximumMessages: 12)
        var model: [(key: String?, message: Int)] = []
        for message in 0..<600 {
            if Int.random(in: 0..<3, using: &generator) > 0 {
                let key = ["a", "b", "c", nil, nil].randomElement(using: &generator) ?? nil
                let replaces = key.flatMap { key in model.firstIndex { $0.key == key } }
                let verdict = outbox.messageReady(message, key: key)
                if let replaces {
                    #expect(verdict == .replaced)
                    model.remove(at: replaces)
                    model.append((key, message))
                } else if model.count == 12 {
                    #expect(verdict == .overflowed)
                } else {
                    #expect(verdict == .kept)
                    model.append((key, message))
                }
            } else if let next = outbox.next {
                #expect(next == model.removeFirst().message)
                outbox.messageTaken()
            } else {
                #expect(model.isEmpty)
            }
            outbox.checkInvariants()
            #expect(outbox.count == model.count)
        }
        #expect(drained(&outbox) == model.map(\.message))
    }
}
