internal import Glibc

/// Files that only their owner may read: private keys, tokens, databases with secrets. Small ones are written whole, synced
/// and renamed into place; at no instant can another user open them.
package enum SecretFile {
    /// The largest that is read, in bytes.
    private static let mostBytes = 1 << 20

    /// Writes or replaces the file at `path`, whose folder has to be there; throws `.configuration`.
    package static func write(_ text: String, to path: String) throws(TransportError) {
        let draft = "\(path).\(UInt64.random(in: 0 ... .max)).new"
        let file = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw TransportError(.configuration, "\(path) cannot be written") }
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { all in
                unsafe Glibc.write(file, all.baseAddress?.advanced(by: written), bytes.count - written)
            }
            guard count > 0 else { break }
            written += count
        }
        let isWhole = written == bytes.count && fsync(file) == 0
        Glibc.close(file)
        guard isWhole, unsafe rename(draft, path) == 0 else {
            unsafe unlink(draft)
            throw TransportError(.configuration, "\(path) cannot be written")
        }
        // A name is lost with the power as bytes are.
        guard syncFolder(of: path) else {
            throw TransportError(.configuration, "the folder of \(path) cannot be synced")
        }
    }

    /// The file's text; nil where there is no such file. One that is there and cannot be read throws `.configuration`, so
    /// that nothing is made anew in its place.
    package static func read(_ path: String) throws(TransportError) -> String? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw TransportError(.configuration, "\(path) is there and cannot be read")
        }
        defer { Glibc.close(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = unsafe part.withUnsafeMutableBytes { unsafe Glibc.read(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0, bytes.count + count <= mostBytes else {
                throw TransportError(.configuration, "\(path) is there and cannot be read")
            }
            if count == 0 { break }
            bytes += part.prefix(count)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw TransportError(.configuration, "\(path) is no text")
        }
        return text
    }

    /// Makes an empty file, or takes from the one that is there what others may do with it.
    package static func claim(_ path: String) throws(TransportError) {
        let file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw TransportError(.configuration, "\(path) cannot be written") }
        defer { Glibc.close(file) }
        guard fchmod(file, 0o600) == 0 else {
            throw TransportError(.configuration, "\(path) cannot be kept from other users")
        }
    }

    /// Takes from a file what others may do with it, where there is such a file.
    package static func claimKept(_ path: String) throws(TransportError) {
        guard unsafe access(path, F_OK) == 0 else { return }
        try claim(path)
    }

    /// Makes a folder that only its owner may enter, and those above it, or takes from the one that is there what others
    /// may do in it. A folder that is shared by its nature, such as /tmp, stays as it is.
    package static func makeFolder(_ path: String) throws(TransportError) {
        var at = path.startIndex
        while at < path.endIndex {
            let end = path[path.index(after: at)...].firstIndex(of: "/") ?? path.endIndex
            let isLast = path[end...].allSatisfy { $0 == "/" }
            unsafe mkdir(String(path[..<end]), isLast ? 0o700 : 0o755)
            at = end
        }
        var found = stat()
        guard unsafe stat(path, &found) == 0, found.st_mode & S_IFMT == S_IFDIR else {
            throw TransportError(.configuration, "\(path) is no folder, and cannot be made one")
        }
        guard found.st_uid == geteuid(), found.st_mode & S_ISVTX == 0 else { return }
        guard unsafe chmod(path, 0o700) == 0 else {
            throw TransportError(.configuration, "\(path) cannot be kept from other users")
        }
    }

    private static func syncFolder(of path: String) -> Bool {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let file = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { Glibc.close(file) }
        return fsync(file) == 0
    }
}
