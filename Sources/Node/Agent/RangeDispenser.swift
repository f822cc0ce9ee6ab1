internal import Synchronization
internal import Units

/// Hands the ranges of a file out to several connections, in order, but for those that are done.
final class RangeDispenser: Sendable {
    private struct Progress {
        var next = 0
        var done: Set<Int>
    }
    private let size: UInt64
    private let length: UInt64
    private let progress: Mutex<Progress>

    /// `done` are the ranges, by their number, that are there already.
    init(size: ByteCount, length: UInt64, done: Set<Int> = []) {
        precondition(length > 0 || size == .zero, "a range has bytes")
        self.size = size.rawValue
        self.length = length
        progress = Mutex(Progress(done: done))
    }

    /// Those that are done, by their number.
    var done: Set<Int> { progress.withLock { $0.done } }

    /// Nil once all are handed out.
    func take() -> (number: Int, range: ByteRange)? {
        progress.withLock { progress in
            while progress.done.contains(progress.next) { progress.next += 1 }
            let start = UInt64(progress.next) * length
            guard start < size else { return nil }
            defer { progress.next += 1 }
            return (progress.next, ByteRange(start: start, end: min(size, start + length)))
        }
    }

    /// A range is on disk.
    func finished(_ number: Int) { progress.withLock { _ = $0.done.insert(number) } }
}
