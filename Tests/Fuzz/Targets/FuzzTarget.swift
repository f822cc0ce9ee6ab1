/// One parser of bytes from outside, under fuzz: whatever comes, it neither traps nor breaks what its type promises.
package struct FuzzTarget: Sendable {
    /// As `sluice-fuzz` and the folders of the corpus name it.
    package let name: String
    /// Inputs longer than this find nothing that shorter ones do not.
    package let maximumBytes: Int
    /// Real encodings that a fuzzer starts from.
    package let seeds: @Sendable () -> [[UInt8]]
    private let check: @Sendable ([UInt8]) -> Void

    init(
        _ name: String,
        maximumBytes: Int = 2048,
        seeds: @escaping @Sendable () -> [[UInt8]],
        check: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.name = name
        self.maximumBytes = maximumBytes
        self.seeds = seeds
        self.check = check
    }

    /// Feeds one input; traps where something is wrong.
    package func run(_ input: [UInt8]) { check(input) }

    /// Every target, in the order of their names.
    package static let all: [FuzzTarget] =
        (bitTorrent + manifest + control + calls + origin + cache + wire).sorted { $0.name < $1.name }

    /// The target of that name.
    package static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

/// Text as a peer sends it: anything that is not UTF-8 becomes U+FFFD.
func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }

/// The bytes of each text.
func bytes(_ texts: String...) -> [[UInt8]] { texts.map { Array($0.utf8) } }
