internal import Synchronization
internal import Units

/// How much of a download is there, told as it comes.
final class DownloadMeter: Sendable {
    private let size: ByteCount
    private let done: Mutex<UInt64>
    private let tell: DirectDownload.Progress

    init(size: ByteCount, done: UInt64, tell: @escaping DirectDownload.Progress) {
        self.size = size
        self.done = Mutex(done)
        self.tell = tell
        tell(ByteCount(rawValue: done), size)
    }

    func add(_ count: UInt64) {
        let now = done.withLock { done in
            done += count
            return done
        }
        tell(ByteCount(rawValue: now), size)
    }

    /// So much has to be fetched again.
    func takeBack(_ count: UInt64) { done.withLock { $0 -= count } }
}
