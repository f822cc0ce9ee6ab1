import FuzzTargets
import Glibc
import Synchronization

/// The target that `LLVMFuzzerTestOneInput` feeds; set once, before the fuzzer starts.
private let chosen = Mutex<FuzzTarget?>(nil)

/// One input of the fuzzer (https://llvm.org/docs/LibFuzzer.html).
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    chosen.withLock { $0 }?.run(input)
    return 0
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// `sluice-fuzz NAME [OPTION OF LIBFUZZER…]`, `sluice-fuzz --list`, `sluice-fuzz --seeds FOLDER`.
@main struct SluiceFuzz {
    static func main() {
        let arguments = CommandLine.arguments
        switch arguments.dropFirst().first {
        case "--list":
            for target in FuzzTarget.all { print(target.name) }
        case "--seeds" where arguments.count == 3:
            for target in FuzzTarget.all { writeSeeds(of: target, to: arguments[2]) }
        case let name?:
            guard let target = FuzzTarget.named(name) else { fail("there is no fuzz target named \(name)") }
            chosen.withLock { $0 = target }
            fuzz(target, Array(arguments.dropFirst(2)))
        case nil: fail("usage: sluice-fuzz NAME [OPTION…] | --list | --seeds FOLDER")
        }
    }

    private static func fuzz(_ target: FuzzTarget, _ options: [String]) {
        let words = ["sluice-fuzz", "-max_len=\(target.maximumBytes)"] + options
        // The driver reads them for as long as the process lives.
        let copies = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: words.count + 1)
        for (index, word) in words.enumerated() { unsafe copies[index] = unsafe strdup(word) }
        unsafe copies[words.count] = nil
        var count = CInt(words.count)
        var arguments = unsafe copies
        let result = unsafe runDriver(&count, &arguments) { unsafe testOneInput($0, $1) }
        exit(result)
    }

    /// A file for each seed, named by its position.
    private static func writeSeeds(of target: FuzzTarget, to folder: String) {
        let path = "\(folder)/\(target.name)"
        guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else { fail("cannot make \(path)") }
        for (index, seed) in target.seeds().enumerated() {
            let file = unsafe open("\(path)/seed-\(index)", O_WRONLY | O_CREAT | O_TRUNC, 0o644)
            guard file >= 0 else { fail("cannot write \(path)/seed-\(index)") }
            let written = unsafe seed.withUnsafeBytes { unsafe write(file, $0.baseAddress, $0.count) }
            guard written == seed.count, close(file) == 0 else { fail("cannot write \(path)/seed-\(index)") }
        }
    }

    private static func fail(_ sentence: String) -> Never {
        let line = Array((sentence + "\n").utf8)
        _ = unsafe line.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
        exit(64)
    }
}
