package import Logging
internal import Manifest
internal import NIOCore
internal import OriginClient
internal import PieceCache
package import Units

/// A file straight from its URL, over several connections, without control: what `sluice get --direct` does.
package struct DirectDownload: Sendable {
    /// How much is there of how much; called from any thread, often.
    package typealias Progress = @Sendable (_ done: ByteCount, _ size: ByteCount) -> Void

    /// Bytes of one range request.
    private static let rangeLength: UInt64 = 4 << 20

    private let url: String
    private let path: String
    private let connections: Int
    private let files = SystemFiles()
    private let policy = OriginAccessPolicy(allowPrivateAddresses: true, baseURLs: [])

    package init(url: String, path: String, connections: Int) {
        self.url = url
        self.path = path
        self.connections = connections
    }

    private var partial: String { path + ".sluice-part" }
    private var record: String { path + ".sluice-done" }

    /// Downloads the file, which appears under its name only when all of it is there. That it is one and the same version is
    /// checked by the server's ETag or Last-Modified; what it holds is checked only where its digest is given. A run that
    /// failed is gone on with by the next where the server serves ranges and tells versions apart.
    package func run(
        expecting sha256: String?,
        logger: Logger,
        progress: @escaping Progress = { _, _ in }
    ) async throws {
        let client: OriginClient
        do { client = try OriginClient(logger: logger) } catch { throw fault(error) }
        let result: Result<Void, any Error>
        do {
            result = .success(try await run(expecting: sha256, client, logger, progress))
        } catch {
            result = .failure(error)
        }
        await client.shutdown()
        try result.get()
    }

    private func run(
        expecting sha256: String?,
        _ client: OriginClient,
        _ logger: Logger,
        _ progress: @escaping Progress
    ) async throws {
        let probe = try await retrying(logger) { () throws(OriginError) in try await client.probe(url, policy: policy) }
        let file: CacheFile
        do {
            file = try files.open(partial)
            try files.lock(file)
        } catch {
            throw fault(error)
        }
        var done: Set<Int> = []
        if probe.acceptsRanges, (try? files.size(of: file)) == probe.size.rawValue,
            let known = DownloadRecord.read(record)
        {
            done = known.ranges(of: url, probe.validators, rangeLength: Self.rangeLength)
        }
        let before = done.reduce(0) { $0 + min(Self.rangeLength, probe.size.rawValue - UInt64($1) * Self.rangeLength) }
        if before > 0 { logger.notice("\(ByteCount(rawValue: before)) are there from before") }
        do {
            try files.setSize(of: file, to: probe.size.rawValue)
            let meter = DownloadMeter(size: probe.size, done: before, tell: progress)
            try await fetch(probe, into: file, done, client, meter, logger)
            if let sha256 { try check(file, size: probe.size, sha256) }
            try files.sync(file)
            try files.rename(partial, to: path)
        } catch {
            let fault = fault(error)
            // Nothing can go on with a part that is wrong, or that has to be fetched from its first byte.
            if fault.code == .dataLoss || !probe.acceptsRanges {
                remove(partial, logger)
                remove(record, logger)
            }
            throw fault
        }
        remove(record, logger)
    }

    /// Fetches what is not done; what was done is on record whatever happens.
    private func fetch(
        _ probe: OriginProbe,
        into file: CacheFile,
        _ done: Set<Int>,
        _ client: OriginClient,
        _ meter: DownloadMeter,
        _ logger: Logger
    ) async throws {
        let hasRanges = probe.acceptsRanges
        let length = hasRanges ? Self.rangeLength : max(1, probe.size.rawValue)
        let ranges = RangeDispenser(size: probe.size, length: length, done: done)
        let keeper = DownloadKeeper(
            path: record,
            url: url,
            validators: probe.validators,
            rangeLength: length,
            file: file,
            ranges: ranges
        )
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<(hasRanges ? connections : 1) {
                    group.addTask {
                        let connection = client.connect(policy: policy)
                        while let (number, range) = ranges.take() {
                            let keeper = hasRanges ? keeper : nil
                            try await fetch(range, probe.validators, keeper, file, connection, meter, logger)
                            try keeper?.finished(number)
                        }
                        await connection.close()
                    }
                }
                try await group.waitForAll()
            }
        } catch {
            if hasRanges { try keeper.keep() }
            throw error
        }
    }

    /// One range, from where it broke off when it is tried again; where there are no ranges, from its first byte.
    private func fetch(
        _ range: ByteRange,
        _ validators: OriginValidators,
        _ keeper: DownloadKeeper?,
        _ file: CacheFile,
        _ connection: OriginConnection,
        _ meter: DownloadMeter,
        _ logger: Logger
    ) async throws {
        var waits = RetryWaits(seed: .random(in: 0 ... .max))
        var at = range.start
        while true {
            do {
                let rest = ByteRange(start: at, end: range.end)
                for try await bytes in connection.fetch(url, range: rest, ifMatch: validators) {
                    try files.write(bytes.readableBytesSpan, to: file, at: at)
                    at += UInt64(bytes.readableBytes)
                    meter.add(UInt64(bytes.readableBytes))
                    if keeper != nil { waits.progressed() }
                }
                return
            } catch let error as OriginError {
                try keeper?.keep()
                try await wait(waits.failed(error), error, logger)
                if keeper == nil {
                    meter.takeBack(at - range.start)
                    at = range.start
                }
            }
        }
    }

    private func retrying<Value>(
        _ logger: Logger,
        _ ask: () async throws(OriginError) -> Value
    ) async throws -> Value {
        var waits = RetryWaits(seed: .random(in: 0 ... .max))
        while true {
            do throws(OriginError) {
                return try await ask()
            } catch {
                try await wait(waits.failed(error), error, logger)
            }
        }
    }

    private func wait(_ time: Duration?, _ error: OriginError, _ logger: Logger) async throws {
        guard let time else { throw fault(error) }
        logger.notice("trying again in \(time.nanoseconds / 1_000_000) ms", metadata: ["reason": "\(error.message)"])
        try await Task.sleep(for: time)
    }

    private func check(_ file: CacheFile, size: ByteCount, _ expected: String) throws {
        var hasher = SHA256Hasher()
        var at: UInt64 = 0
        var buffer = ByteBuffer()
        while at < size.rawValue {
            let count = min(1 << 20, size.rawValue - at)
            buffer.clear()
            try files.read(Int(count), from: file, at: at, into: &buffer)
            hasher.update(buffer.readableBytesSpan)
            at += count
        }
        let digest = hasher.finish().hex
        guard digest == expected.lowercased() else {
            throw UserError(.dataLoss, "the file has SHA-256 \(digest), not \(expected)")
        }
    }

    private func remove(_ leftover: String, _ logger: Logger) {
        do {
            try files.removeFile(leftover)
        } catch {
            logger.warning("\(leftover) stays behind", metadata: ["reason": "\(error)"])
        }
    }

    /// What the user is told.
    private func fault(_ error: any Error) -> UserError {
        switch error {
        case let error as UserError: return error
        case let error as PieceCacheError:
            let isFull = error.code == .noSpace
            guard error.code != .inUse else {
                return UserError(.aborted, "another program downloads to \(path) already")
            }
            return UserError(isFull ? .resourceExhausted : .permissionDenied, "\(path) cannot be written: \(error)")
        case let error as OriginError:
            let code: UserError.Code =
                switch error.code {
                case .notFound: .notFound
                case .forbidden: .permissionDenied
                case .refusedAddress, .tooManyRedirects, .contentEncoded: .failedPrecondition
                case .changed: .aborted
                case .throttled: .resourceExhausted
                case .cancelled: .cancelled
                default: .unavailable
                }
            return UserError(code, "\(url): \(error.message)")
        case is CancellationError: return UserError(.cancelled, "the download was cancelled")
        default: return UserError(.internal, "\(error)")
        }
    }
}
