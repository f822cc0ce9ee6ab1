internal import Synchronization

/// Lets one task at a time write on a call, first come, first served, so that heads and messages never interleave.
/// A holder that waits for flow control is freed by the end of its stream, so no wait here is for ever.
final class WriteTurns: Sendable {
    private struct Line {
        var isTaken = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let line = Mutex(Line())

    /// Takes the turn where it is free; true means that `give` must follow.
    func takeIfFree() -> Bool {
        line.withLock { line in
            guard !line.isTaken else { return false }
            line.isTaken = true
            return true
        }
    }

    /// Waits for the turn; `give` must follow.
    func take() async {
        await withCheckedContinuation { continuation in
            let isFree = line.withLock { line in
                guard line.isTaken else {
                    line.isTaken = true
                    return true
                }
                line.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    /// Hands the turn to the next in line.
    func give() {
        let next = line.withLock { line -> CheckedContinuation<Void, Never>? in
            guard !line.waiting.isEmpty else {
                line.isTaken = false
                return nil
            }
            return line.waiting.removeFirst()
        }
        next?.resume()
    }
}
