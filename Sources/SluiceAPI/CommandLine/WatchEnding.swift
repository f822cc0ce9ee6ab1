package import RPC

/// How the last answer of a watch says that what it followed did not do well.
package struct WatchEnding: Hashable, Sendable {
    /// What came of it.
    package enum Outcome: Hashable, Sendable {
        case done
        /// With a sentence that says what of, and why where the answer tells.
        case failed(String)
        case cancelled(String)
        /// The answers ended before what they tell of did.
        case cutOff(String)
    }
    private let field: String
    private let done: Set<String>
    private let failed: Set<String>
    private let cancelled: Set<String>

    /// The answer's field that is followed, and the values of its `state` that are an end; generated code makes these.
    /// Without a value for `done` every other one is that.
    package init(_ field: String, done: [String] = [], failed: [String], cancelled: [String]) {
        self.field = field
        self.done = Set(done)
        self.failed = Set(failed)
        self.cancelled = Set(cancelled)
    }

    /// What the last answer says.
    package func outcome(of last: JSONValue) -> Outcome {
        guard let followed = last[field] else { return .done }
        func text(_ field: String) -> String? {
            guard case .string(let text)? = followed[field], !text.isEmpty else { return nil }
            return text
        }
        let name = text("name") ?? "it"
        let state = text("state") ?? ""
        if cancelled.contains(state) { return .cancelled("\(name) was cancelled") }
        guard failed.contains(state) else {
            let isOver = done.isEmpty || done.contains(state)
            return isOver ? .done : .cutOff("control ended the watch before \(name) did")
        }
        return .failed("\(name) failed" + (text("failure").map { ": \($0)" } ?? ""))
    }
}
