/// Control's half of a node's polls: an answer keeps its number and its messages until a later poll names it, so that none
/// is lost with an answer that is; what comes meanwhile is the next one's.
///
/// | state | messageReady | answer, it was named | answer, it was not |
/// | --- | --- | --- | --- |
/// | nothing waits | something waits | none | the same once more |
/// | something waits | more waits | what waits, under the next number | the same once more |
///
/// A number that was never given is the node's fault: `unknown`.
package struct PollAnswers<Message: Sendable>: Sendable {
    /// What to answer.
    package enum Answer: Sendable {
        /// There is nothing to say.
        case none(number: UInt64)
        /// These messages, new or once more.
        case messages(number: UInt64, [Message])
        /// The node names an answer that it was not given.
        case unknown
    }

    /// The number of the answer that was given last.
    package private(set) var number: UInt64 = 0
    private var given: [Message] = []
    private var waiting: [Message] = []
    /// Bytes of what is in no answer yet.
    package private(set) var waitingBytes = 0

    package init() {}

    /// Whether all is said; the last answer may still have to be repeated.
    package var isEmpty: Bool { waiting.isEmpty }

    /// A message for the node.
    package mutating func messageReady(_ message: Message, bytes: Int) {
        waiting.append(message)
        waitingBytes += bytes
    }

    /// A node asks, and names the last answer that came to it.
    package mutating func answer(to received: UInt64) -> Answer {
        guard received <= number else { return .unknown }
        guard received == number else {
            // Older than the last answer but one cannot be: a number is given only when the one before it was named.
            return received + 1 == number ? .messages(number: number, given) : .unknown
        }
        given = waiting
        waiting = []
        waitingBytes = 0
        guard !given.isEmpty else { return .none(number: number) }
        number += 1
        return .messages(number: number, given)
    }
}
