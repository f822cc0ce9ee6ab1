/// What a person or a client program is told when something cannot be done: a code to act on, one clear sentence, and
/// what to do about it.
package struct UserError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds, as gRPC's status codes name them.
    package enum Code: String, Hashable, Sendable {
        case invalidArgument, notFound, alreadyExists, failedPrecondition, permissionDenied, unauthenticated
        case resourceExhausted, unavailable, deadlineExceeded, aborted, dataLoss, unimplemented, cancelled
        case `internal`
    }
    package let code: Code
    /// One sentence without a full stop at its end.
    package let sentence: String
    /// What to do; empty where there is nothing to advise.
    package let hint: String
    package init(_ code: Code, _ sentence: String, hint: String = "") {
        self.code = code
        self.sentence = sentence
        self.hint = hint
    }
    package var description: String { hint.isEmpty ? sentence : "\(sentence). \(hint)" }
}
