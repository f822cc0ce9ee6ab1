import Scheduling
import Testing
import Units

@Suite struct PollAnswersTests {
    /// Requests and answers are lost, repeated and late; the node has every message once, in order.
    @Test(arguments: 0..<500 as Range<UInt64>)
    func `no message is lost or comes twice, whatever is lost on the way`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var answers = PollAnswers<Int>()
        var said = 0
        var received: UInt64 = 0
        var got: [Int] = []
        for step in 0..<200 {
            for _ in 0..<Int.random(in: 0...3, using: &generator) where step < 150 {
                answers.messageReady(said, bytes: 10)
                said += 1
            }
            // The request is lost.
            if step < 150, Int.random(in: 0..<4, using: &generator) == 0 { continue }
            let answer = answers.answer(to: received)
            // The answer is lost.
            if step < 150, Int.random(in: 0..<4, using: &generator) == 0 { continue }
            switch answer {
            case .unknown: Issue.record("an answer that was given is not known")
            case .none(let number): #expect(number == received)
            case .messages(let number, let messages):
                #expect(number == received + 1)
                got += messages
                received = number
            }
        }
        #expect(got == Array(0..<said))
        #expect(answers.isEmpty && answers.waitingBytes == 0)
    }

    private func text(_ answer: PollAnswers<Int>.Answer) -> String {
        switch answer {
        case .none(let number): "\(number): nothing"
        case .messages(let number, let messages): "\(number): \(messages)"
        case .unknown: "unknown"
        }
    }

    @Test func `an answer that was not given is not known`() {
        var answers = PollAnswers<Int>()
        #expect(text(answers.answer(to: 1)) == "unknown")
        for number in 0..<3 as Range<UInt64> {
            answers.messageReady(1, bytes: 5)
            #expect(answers.waitingBytes == 5)
            #expect(text(answers.answer(to: number)) == "\(number + 1): [1]")
        }
        #expect(text(answers.answer(to: 1)) == "unknown")
        #expect(text(answers.answer(to: 2)) == "3: [1]")
        #expect(text(answers.answer(to: 3)) == "3: nothing")
    }
}
