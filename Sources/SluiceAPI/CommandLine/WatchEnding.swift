package import RPC

/// How the last answer of a watch says that what it followed did not do well.
package struct WatchEnding: Hashable, Sendable {
    /// What came of it.
    package enum Outcome: Hashable, Sendable {
        case done
        /// With a sentence that says what of, and why where the answer tells.
        case failed(String)
        case cancelled(String)
    }
    private let field: String
    private let failed: Set<String>
    private let cancelled: Set<String>

    /// The answer's field that is followed, and the values of its `state` that are no success; generated code makes these.
    package init(_ field: String, failed: [String], cancelled: [String]) {
        self.field = field
        self.failed = Set(failed)
        self.cancelled = Set(cancelled)
    }

    /// What the last answer says.
    package func outcome(of last: JSONValue) -> Outcome {
        guard let followed = last[field], case .string(let state)? = followed["state"] else { return .done }
        func text(_ field: String) -> String? {
            guard case .string(let text)? = followed[field], !text.isEmpty else { return nil }
            return text
        }
        let name = text("name") ?? "it"
        if cancelled.contains(state) { return .cancelled("\(name) was cancelled") }
        guard failed.contains(state) else { return .done }
        return .failed("\(name) failed" + (text("failure").map { ": \($0)" } ?? ""))
    }
}
