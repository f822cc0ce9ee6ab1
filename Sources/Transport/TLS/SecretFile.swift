internal import Glibc

/// Small files that only their owner may read: private keys and tokens. Written whole, synced and renamed into place; at
/// no instant can another user open them.
package enum SecretFile {
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
    }
}
