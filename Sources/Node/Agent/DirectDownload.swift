internal import Foundation
package import Logging
internal import Manifest
internal import NIOCore
internal import OriginClient
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
        guard FileManager.default.createFile(atPath: partial, contents: nil) else {
            throw UserError(.permissionDenied, "\(partial) cannot be written")
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
                    guard let file = FileHandle(forWritingAtPath: partial) else {
                        throw UserError(.permissionDenied, "\(partial) cannot be written")
                    }
                    defer { try? file.close() }
                    let connection = client.connect(policy: policy)
                    while let range = ranges.take() {
                        try file.seek(toOffset: range.start)
                        for try await bytes in connection.fetch(url, range: range, ifMatch: validators) {
                            try file.write(contentsOf: Data(bytes.readableBytesView))
                        }
                    }
                    await connection.close()
                }
            }
            try await group.waitForAll()
        }
        await client.shutdown()
        if let sha256 { try Self.check(partial, sha256) }
        do {
            let (made, final) = (URL(fileURLWithPath: partial), URL(fileURLWithPath: path))
            if FileManager.default.fileExists(atPath: path) {
                _ = try FileManager.default.replaceItemAt(final, withItemAt: made)
            } else {
                try FileManager.default.moveItem(at: made, to: final)
            }
        } catch {
            throw UserError(.permissionDenied, "\(path) cannot be written")
        }
    }

    private static func check(_ path: String, _ expected: String) throws {
        var hasher = SHA256Hasher()
        guard let file = FileHandle(forReadingAtPath: path) else { throw UserError(.notFound, "\(path) is gone") }
        while let data = try file.read(upToCount: 1 << 20), !data.isEmpty {
            let bytes = ByteBuffer(bytes: data)
            hasher.update(bytes.readableBytesSpan)
        }
        let digest = hasher.finish().hex
        guard digest == expected.lowercased() else {
            throw UserError(.dataLoss, "the file has SHA-256 \(digest), not \(expected)")
        }
    }
}
