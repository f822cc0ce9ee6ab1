internal import OriginClient
internal import PieceCache
internal import Synchronization
internal import Units

/// Puts on record what a direct download has done, from time to time, and never more than is safely on disk.
final class DownloadKeeper: Sendable {
    /// How far apart.
    private static let interval = Duration.seconds(1)

    private let path: String
    private let url: String
    private let validators: OriginValidators
    private let rangeLength: UInt64
    private let file: CacheFile
    private let ranges: RangeDispenser
    private let last = Mutex(ContinuousClock.now)

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
        let isDue = last.withLock { last in
            let now = ContinuousClock.now
            guard now - last >= Self.interval else { return false }
            last = now
            return true
        }
        if isDue { try keep() }
    }

    /// Writes the record as it is now.
    func keep() throws {
        let done = ranges.done
        try SystemFiles().sync(file)
        try DownloadRecord(url: url, validators: validators, rangeLength: rangeLength, done: done).write(to: path)
    }
}
