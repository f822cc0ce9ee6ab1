import Glibc
import PieceCache

/// A folder of a test's own, deleted with it.
final class TemporaryFolder: Sendable {
    let path: String
    init() {
        var random = SystemRandomNumberGenerator()
        path = "/tmp/sluice-cache-test-\(String(random.next(), radix: 16))"
        precondition(unsafe mkdir(path, 0o700) == 0, "no temporary folder")
    }
    deinit { Self.delete(path) }

    private static func delete(_ path: String) {
        if let names = try? SystemFiles().names(in: path) {
            for name in names { delete(path + "/" + name) }
            unsafe rmdir(path)
        } else {
            unsafe unlink(path)
        }
    }

    static func contents(of path: String) -> [UInt8]? {
        guard let file = unsafe fopen(path, "r") else { return nil }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe fread(&buffer, 1, buffer.count, file)
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }

    static func write(_ bytes: some Sequence<UInt8>, to path: String) {
        let bytes = Array(bytes)
        guard let file = unsafe fopen(path, "w") else { preconditionFailure("cannot write \(path)") }
        defer { unsafe fclose(file) }
        precondition(unsafe fwrite(bytes, 1, bytes.count, file) == bytes.count, "short write")
    }
}
