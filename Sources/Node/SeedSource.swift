internal import Synchronization
internal import Units

/// Where all random choices of a node begin: which piece is asked for, who is unchoked, how long a pause is. Not for secrets.
final class SeedSource: Sendable {
    private let generator: Mutex<SeededGenerator>

    /// The same number and name make the same choices; without a number they are others at each start.
    init(_ number: UInt64?, name: String) {
        // FNV-1a: nodes that are given one number differ by their names.
        let mixed = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        generator = Mutex(SeededGenerator(seed: number.map { $0 ^ mixed } ?? .random(in: .min ... .max)))
    }

    func next() -> UInt64 { generator.withLock { $0.next() } }

    func generatorFromHere() -> SeededGenerator { SeededGenerator(seed: next()) }
}
