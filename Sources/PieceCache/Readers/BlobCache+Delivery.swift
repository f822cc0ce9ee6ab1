internal import Manifest
internal import NIOConcurrencyHelpers
internal import NIOCore
internal import Units

extension BlobCache {
    /// Puts the complete blob at `path`, replacing what is there: a temporary file beside it, `fsync`, rename. Blocks are
    /// shared where the file system can; else a hard link on the same one (then the file must not be changed in place while
    /// the blob is cached), else a copy.
    package func deliver(to path: String) async throws(PieceCacheError) {
        guard available.isFull else { throw isRemoved ? .removed : .incomplete }
        let hold = BlobHold(self)
        try await space.onPool { () throws(PieceCacheError) in try self.deliverNow(to: path) }
        withExtendedLifetime(hold) {}
    }

    /// Deletes the temporary file that a delivery to `path` may have left when it was interrupted.
    package func discardUndelivered(to path: String) async throws(PieceCacheError) {
        let temporary = temporaryPath(beside: path)
        let files = space.files
        try await space.onPool { () throws(PieceCacheError) in try files.removeFile(temporary) }
    }

    private func deliverNow(to path: String) throws(PieceCacheError) {
        let files = space.files
        let temporary = temporaryPath(beside: path)
        // What an interrupted delivery left.
        try files.removeFile(temporary)
        do throws(PieceCacheError) {
            try fill(temporary)
            try files.rename(temporary, to: path)
        } catch {
            try files.removeFile(temporary)
            throw error
        }
        // Renaming one hard link of a file over another does nothing: this blob was delivered there before.
        try files.removeFile(temporary)
        try files.syncDirectory(folder(of: path))
    }

    private func fill(_ temporary: String) throws(PieceCacheError) {
        let files = space.files
        let copy = try files.open(temporary)
        if !files.clone(data, to: copy) {
            try files.removeFile(temporary)
            if try files.link(space.path(of: id) + "/data", to: temporary) {
                try files.sync(data)
                return
            }
            let fresh = try files.open(temporary)
            try files.copy(data, count: geometry.size.rawValue, to: fresh)
            try files.sync(fresh)
            return
        }
        try files.sync(copy)
    }

    private func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Always the same for a blob, so that the next try finds and replaces it; short enough for any name.
    private func temporaryPath(beside path: String) -> String {
        let start = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let name = SHA256Hasher.digest(of: Array(path[start...].utf8)).hex.prefix(8)
        return path[..<start] + ".sluice-\(id.hex.prefix(16))-\(name)"
    }
}
