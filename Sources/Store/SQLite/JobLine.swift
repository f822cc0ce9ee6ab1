/// Jobs in line for one worker: whoever adds the first of them starts it, and it goes on until none waits.
struct JobLine<Job: Sendable>: Sendable {
    /// Jobs taken together at most.
    static var maximumTaken: Int { 1024 }

    private var waiting: [Job] = []
    private var isRunning = false

    /// Whether the worker has to be started.
    mutating func add(_ job: Job) -> Bool {
        waiting.append(job)
        defer { isRunning = true }
        return !isRunning
    }

    /// The next of them; nil where none waits, and the worker ends.
    mutating func takeSome() -> [Job]? {
        guard !waiting.isEmpty else {
            isRunning = false
            return nil
        }
        let some = Array(waiting.prefix(Self.maximumTaken))
        waiting.removeFirst(some.count)
        return some
    }
}
