import Foundation
import Testing
import Units

/// Why a property does not hold.
struct Broken: Error {
    let sentence: String
}

/// Throws where a property does not hold. Cheaper than `#expect`, which counts in runs of ten thousand.
func hold(_ property: Bool, _ sentence: @autoclosure () -> String) throws {
    if !property { throw Broken(sentence: sentence()) }
}

/// Properties are held over many seeds, in blocks that run side by side. A seed is a bug report:
///
///     SLUICE_SEED=17 swift test --filter SimulationTests     runs that seed alone
///     SLUICE_SEEDS=100000 swift test --filter SimulationTests     runs more of them
///     SLUICE_TRACE=1 …     prints each seed before it runs, for those that end in a trap
enum Seeds {
    static let count: UInt64 = number("SLUICE_SEEDS") ?? 10_000
    private static let isTracing = ProcessInfo.processInfo.environment["SLUICE_TRACE"] != nil

    static let blocks: [Range<UInt64>] = {
        if let one = number("SLUICE_SEED") { return [one..<one + 1] }
        let size = max(1, count / 16)
        return stride(from: 0, to: count, by: Int(size)).map { $0..<min($0 + size, count) }
    }()

    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    /// Runs the body for each seed of a block; a failure names its seed.
    static func each(
        in block: Range<UInt64>,
        _ test: String = #function,
        _ body: (UInt64, inout SeededGenerator) throws -> Void
    ) {
        var failures = 0
        for seed in block {
            if isTracing { FileHandle.standardError.write(Data("\(test) seed \(seed)\n".utf8)) }
            var generator = SeededGenerator(seed: seed)
            do {
                try body(seed, &generator)
            } catch {
                let sentence = (error as? Broken)?.sentence ?? "\(error)"
                Issue.record("seed \(seed): \(sentence); SLUICE_SEED=\(seed) swift test --filter SimulationTests")
                failures += 1
                if failures == 3 { return }
            }
        }
    }
}

extension SeededGenerator {
    /// A number from the range.
    mutating func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
    /// True once in so many times.
    mutating func chance(_ oneIn: Int) -> Bool { Int.random(in: 0..<oneIn, using: &self) == 0 }
}
