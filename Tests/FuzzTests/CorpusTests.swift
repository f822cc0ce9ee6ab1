import Foundation
import FuzzTargets
import Testing
import Units

/// What fuzzing has ever found stays found: corpora and failures run without the fuzzer.
@Suite struct CorpusTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../Fuzz").standardizedFileURL

    /// The kept inputs of a target, by file name.
    private func kept(_ kind: String, _ name: String) throws -> [(name: String, input: [UInt8])] {
        let place = Self.folder.appending(path: "\(kind)/\(name)")
        guard FileManager.default.fileExists(atPath: place.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: place.path).sorted().map {
            ($0, Array(try Data(contentsOf: place.appending(path: $0))))
        }
    }

    @Test(arguments: FuzzTarget.all.map(\.name))
    func `no kept input traps its parser`(name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        let corpus = try kept("Corpus", name)
        #expect(!corpus.isEmpty, "tools/fuzz --seeds writes the corpus")
        for (_, input) in try corpus + kept("Failures", name) { target.run(input) }
    }

    @Test(arguments: FuzzTarget.all.map(\.name))
    func `no mangled seed traps its parser`(name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        var generator = SeededGenerator(seed: 1)
        for seed in target.seeds() {
            for _ in 0..<300 {
                var input = seed
                for _ in 0..<Int.random(in: 1...4, using: &generator) { mangle(&input, &generator) }
                target.run(Array(input.prefix(target.maximumBytes)))
            }
        }
    }

    private func mangle(_ input: inout [UInt8], _ generator: inout SeededGenerator) {
        let place = Int.random(in: 0...input.count, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0 where place < input.count: input[place] = UInt8.random(in: 0...255, using: &generator)
        case 1 where place < input.count: input[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 2: input.insert(UInt8.random(in: 0...255, using: &generator), at: place)
        case 3 where place < input.count: input.remove(at: place)
        default: input.removeLast(min(input.count, Int.random(in: 0...3, using: &generator)))
        }
    }

    /// The folders under Corpus and Failures are those of targets that exist.
    @Test(arguments: ["Corpus", "Failures"])
    func `every folder belongs to a target`(kind: String) throws {
        let names = Set(FuzzTarget.all.map(\.name))
        let place = Self.folder.appending(path: kind).path
        guard FileManager.default.fileExists(atPath: place) else { return }
        let folders = try FileManager.default.contentsOfDirectory(atPath: place)
        #expect(Set(folders).subtracting(names).subtracting(["README.md"]) == [])
    }

    @Test func `every request and response of the protos is among the fuzzed messages`() throws {
        let protos = Self.folder.appending(path: "../../Protos/sluice/v1").standardizedFileURL
        let fuzzed = FuzzTarget.messageNames
        var declared: Set<String> = []
        for file in try FileManager.default.contentsOfDirectory(atPath: protos.path) where file.hasSuffix(".proto") {
            let text = try String(contentsOf: protos.appending(path: file), encoding: .utf8)
            for match in text.matches(of: #/(?m)^message (\w+(?:Request|Response)) /#) {
                declared.insert("sluice.v1.\(match.1)")
            }
        }
        #expect(!declared.isEmpty && declared.subtracting(fuzzed) == [])
    }
}
