internal import FoundationEssentials
package import Logging
internal import Manifest
internal import NIOCore
internal import OriginClient
internal import PieceCache
internal import Units

/// A file straight from its URL, over several connections, without control: what `sluice get --direct` does.
package struct DirectDownload: Sendable {
    /// Bytes of one range request.
    private static let rangeLength: UInt64 = 4 << 20

    private let url: String
    private let path: String
    private let connections: Int

    package init(url: String, path: String, connections: Int) {
        self.url = url
        self.path = path
        self.connections = connections
    }

    /// Downloads and verifies; the file appears under its name only when it is complete.
    package func run(expecting sha256: String?, logger: Logger) async throws {
        let client = try OriginClient(logger: logger)
        let policy = OriginAccessPolicy(allowPrivateAddresses: true, baseURLs: [])
        let probe: OriginProbe
        do {
            probe = try await client.probe(url, policy: policy)
        } catch {
            throw UserError(error.code == .notFound ? .notFound : .unavailable, "\(url): \(error.message)")
        }
        let partial = path + ".sluice-part"
        let files = SystemFiles()
        let file: CacheFile
        do {
            file = try files.open(partial)
            try files.setSize(of: file, to: probe.size.rawValue)
        } catch {
            throw UserError(.permissionDenied, "\(partial) cannot be written: \(error)")
        }
        let ranges = RangeDispenser(
            size: probe.size,
            length: probe.acceptsRanges ? Self.rangeLength : probe.size.rawValue
        )
        let url = url
        let validators = probe.validators
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<(probe.acceptsRanges ? connections : 1) {
                group.addTask {
                    let connection = client.connect(policy: policy)
                    while let range = ranges.take() {
                        var at = range.start
                        for try await bytes in connection.fetch(url, range: range, ifMatch: validators) {
                            try files.write(bytes.readableBytesSpan, to: file, at: at)
                            at += UInt64(bytes.readableBytes)
                        }
                    }
                    await connection.close()
                }
            }
            try await group.waitForAll()
        }
        await client.shutdown()
        if let sha256 { try Self.check(files, file, size: probe.size, sha256) }
        do {
            try files.rename(partial, to: path)
        } catch {
            throw UserError(.permissionDenied, "\(path) cannot be written: \(error)")
        }
    }

    private static func check(_ files: SystemFiles, _ file: CacheFile, size: ByteCount, _ expected: String) throws {
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
}
