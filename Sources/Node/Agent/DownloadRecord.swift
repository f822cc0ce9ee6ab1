internal import FoundationEssentials
internal import OriginClient
internal import Transport
internal import Units

/// What a direct download has of its file, kept beside it, so that another run goes on from there.
struct DownloadRecord: Codable, Hashable, Sendable {
    /// Larger files are no record of ours.
    private static let maximumBytes = 1 << 20

    /// Without its query, which may hold a signature that another run does not have.
    let url: String
    let size: UInt64
    let etag: String
    let lastModified: String
    let rangeLength: UInt64
    /// The ranges that are done: number of the first, and how many follow it.
    let done: [[Int]]

    init(url: String, validators: OriginValidators, rangeLength: UInt64, done: Set<Int>) {
        self.url = String(url.prefix { $0 != "?" && $0 != "#" })
        size = validators.size.rawValue
        etag = validators.etag
        lastModified = validators.lastModified
        self.rangeLength = rangeLength
        var runs: [[Int]] = []
        for number in done.sorted() {
            if let last = runs.last, last[0] + last[1] == number {
                runs[runs.count - 1][1] += 1
            } else {
                runs.append([number, 1])
            }
        }
        self.done = runs
    }

    /// The ranges that count for this content: none unless its validators prove that it is the same.
    func ranges(of url: String, _ validators: OriginValidators, rangeLength: UInt64) -> Set<Int> {
        let same = DownloadRecord(url: url, validators: validators, rangeLength: rangeLength, done: [])
        let hasProof = !lastModified.isEmpty || !etag.isEmpty && !etag.hasPrefix("W/")
        guard hasProof, (self.url, size, etag, lastModified) == (same.url, same.size, same.etag, same.lastModified),
            self.rangeLength == rangeLength, rangeLength > 0
        else { return [] }
        let count = Int(clamping: (size + rangeLength - 1) / rangeLength)
        var numbers: Set<Int> = []
        for run in done where run.count == 2 && run[0] >= 0 && run[1] > 0 && run[1] <= count && run[0] <= count - run[1]
        {
            numbers.formUnion(run[0]..<(run[0] + run[1]))
        }
        return numbers
    }

    /// Nil where there is none that can be read.
    static func read(_ path: String) -> DownloadRecord? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard let size = attributes?[.size] as? UInt64, size <= maximumBytes,
            let content = try? Data(contentsOf: URL(fileURLWithPath: path))
        else { return nil }
        return try? JSONDecoder().decode(Self.self, from: content)
    }

    /// Replaces the record at once.
    func write(to path: String) throws(UserError) {
        do {
            try SecretFile.write(String(decoding: JSONEncoder().encode(self), as: UTF8.self), to: path)
        } catch {
            throw UserError(.permissionDenied, "\(path) cannot be written")
        }
    }
}
