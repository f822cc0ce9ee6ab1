internal import OriginClient
internal import PieceCache
internal import Synchronization
internal import Units

/// Puts on record what a direct download has done, from time to time and when something goes wrong, and never more than is
/// safely on disk.
final class DownloadKeeper: Sendable {
    /// How far apart.
    private static let interval = Duration.seconds(1)

    private let path: String
    private let url: String
    private let validators: OriginValidators
    private let rangeLength: UInt64
    private let file: CacheFile
    private let ranges: RangeDispenser
    private let kept = Mutex<(count: Int, at: ContinuousClock.Instant?)>((0, nil))

    init(
        path: String,
        url: String,
        validators: OriginValidators,
        rangeLength: UInt64,
        file: CacheFile,
        ranges: RangeDispenser
    ) {
        self.path = path
        self.url = url
        self.validators = validators
        self.rangeLength = rangeLength
        self.file = file
        self.ranges = ranges
    }

    /// A range is in the file.
    func finished(_ number: Int) throws {
        ranges.finished(number)
        let isDue = kept.withLock { kept in kept.at.map { ContinuousClock.now - $0 >= Self.interval } ?? true }
        if isDue { try keep() }
    }

    /// Writes the record as it is now, where it has changed.
    func keep() throws {
        let done = ranges.done
        let isNew = kept.withLock { kept in
            defer { kept = (done.count, .now) }
            return kept.count != done.count
        }
        guard isNew else { return }
        try SystemFiles().sync(file)
        try DownloadRecord(url: url, validators: validators, rangeLength: rangeLength, done: done).write(to: path)
    }
}
