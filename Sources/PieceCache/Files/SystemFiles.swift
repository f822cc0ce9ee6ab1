internal import CLinux
internal import Glibc
package import NIOCore

/// The real disk.
package struct SystemFiles: CacheFiles {
    package init() {}

    package func makeDirectory(_ path: String) throws(PieceCacheError) {
        if unsafe mkdir(path, 0o777) < 0, errno != EEXIST { throw failure(errno, "mkdir", path) }
    }

    package func names(in directory: String) throws(PieceCacheError) -> [String] {
        guard let stream = unsafe opendir(directory) else { throw failure(errno, "opendir", directory) }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    package func open(_ path: String) throws(PieceCacheError) -> CacheFile {
        let descriptor = unsafe CLinux_open_file(path, O_RDWR | O_CREAT, 0o666)
        guard descriptor >= 0 else { throw failure(-descriptor, "open", path) }
        return CacheFile(descriptor: descriptor)
    }

    package func lock(_ file: CacheFile) throws(PieceCacheError) {
        let result = CLinux_lock_file(file.descriptor)
        if result == -EWOULDBLOCK {
            throw PieceCacheError(.inUse, "another process uses the cache's directory", errorNumber: -result)
        }
        guard result == 0 else { throw failure(-result, "flock", "the lock file") }
    }

    package func size(of file: CacheFile) throws(PieceCacheError) -> UInt64 {
        var status = stat()
        guard unsafe fstat(file.descriptor, &status) == 0 else { throw failure(errno, "fstat", "a cache file") }
        return UInt64(max(0, status.st_size))
    }

    package func allocation(at path: String) -> (bytes: UInt64, changed: Int64, links: Int)? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return (UInt64(max(0, status.st_blocks)) * 512, Int64(status.st_mtim.tv_sec), Int(status.st_nlink))
    }

    package func setSize(of file: CacheFile, to size: UInt64) throws(PieceCacheError) {
        guard let length = Int(exactly: size), ftruncate(file.descriptor, length) == 0 else {
            throw failure(errno, "ftruncate", "a cache file")
        }
    }

    package func write(_ bytes: RawSpan, to file: CacheFile, at offset: UInt64) throws(PieceCacheError) {
        let error = unsafe bytes.withUnsafeBytes { buffer -> Int32 in
            var done = 0
            while done < buffer.count {
                let start = unsafe buffer.baseAddress?.advanced(by: done)
                let count = unsafe pwrite(file.descriptor, start, buffer.count - done, Int(offset) + done)
                if count < 0, errno == EINTR { continue }
                if count < 0 { return errno }
                if count == 0 { return ENOSPC }
                done += count
            }
            return 0
        }
        if error != 0 { throw failure(error, "pwrite", "a cache file") }
    }

    package func startWriteback(of file: CacheFile, at offset: UInt64, count: Int) {
        CLinux_start_writeback(file.descriptor, Int64(offset), Int64(count))
    }

    package func read(_ count: Int, from file: CacheFile, at offset: UInt64, into buffer: inout ByteBuffer)
        throws(PieceCacheError)
    {
        let start = buffer.writerIndex
        var error: Int32 = 0
        unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
            var done = 0
            while done < count {
                let target = unsafe space.baseAddress?.advanced(by: done)
                let more = unsafe pread(file.descriptor, target, count - done, Int(offset) + done)
                if more < 0, errno == EINTR { continue }
                if more <= 0 {
                    error = more < 0 ? errno : EIO
                    return 0
                }
                done += more
            }
            return done
        }
        if error != 0 {
            buffer.moveWriterIndex(to: start)
            throw failure(error, "pread", "a cache file")
        }
    }

    package func readCached(
        _ count: Int,
        from file: CacheFile,
        at offset: UInt64,
        into buffer: inout ByteBuffer
    ) -> Bool {
        let written = unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
            var done = 0
            while done < count {
                let target = unsafe space.baseAddress?.advanced(by: done)
                let more = unsafe CLinux_read_cached(
                    file.descriptor,
                    target,
                    count - done,
                    Int64(offset) + Int64(done)
                )
                if more <= 0 { return 0 }
                done += Int(more)
            }
            return done
        }
        return written == count
    }

    package func sync(_ file: CacheFile) throws(PieceCacheError) {
        guard fdatasync(file.descriptor) == 0 else { throw failure(errno, "fdatasync", "a cache file") }
    }

    package func syncDirectory(_ path: String) throws(PieceCacheError) {
        let descriptor = unsafe CLinux_open_file(path, O_RDONLY | O_DIRECTORY, 0)
        guard descriptor >= 0 else { throw failure(-descriptor, "open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(errno, "fsync", path) }
    }

    package func rename(_ path: String, to other: String) throws(PieceCacheError) {
        guard unsafe Glibc.rename(path, other) == 0 else { throw failure(errno, "rename", other) }
    }

    package func link(_ path: String, to other: String) throws(PieceCacheError) -> Bool {
        if unsafe Glibc.link(path, other) == 0 { return true }
        if [EXDEV, EPERM, EMLINK, EOPNOTSUPP, EACCES].contains(errno) { return false }
        throw failure(errno, "link", other)
    }

    package func clone(_ file: CacheFile, to other: CacheFile) -> Bool {
        CLinux_clone_file(file.descriptor, other.descriptor) == 0
    }

    package func copy(_ file: CacheFile, count: UInt64, to other: CacheFile) throws(PieceCacheError) {
        var done: UInt64 = 0
        var buffer = ByteBuffer()
        while done < count {
            let step = Int(min(count - done, 64 << 20))
            let copied = CLinux_copy_range(file.descriptor, other.descriptor, Int64(done), step)
            if copied > 0 {
                done += UInt64(copied)
                continue
            }
            if copied < 0, ![-EXDEV, -EINVAL, -ENOSYS, -EOPNOTSUPP, -EBADF].contains(Int32(copied)) {
                throw failure(Int32(-copied), "copy_file_range", "the destination")
            }
            let part = min(step, 1 << 20)
            buffer.clear()
            try read(part, from: file, at: done, into: &buffer)
            try write(buffer.readableBytesSpan, to: other, at: done)
            done += UInt64(part)
        }
    }

    package func removeFile(_ path: String) throws(PieceCacheError) {
        if unsafe unlink(path) < 0, errno != ENOENT { throw failure(errno, "unlink", path) }
    }

    package func removeDirectory(_ path: String) throws(PieceCacheError) {
        if unsafe rmdir(path) < 0, errno != ENOENT { throw failure(errno, "rmdir", path) }
    }

    private func failure(_ number: Int32, _ call: String, _ path: String) -> PieceCacheError {
        let isFull = number == ENOSPC || number == EDQUOT
        let reason = unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
        return PieceCacheError(isFull ? .noSpace : .disk, "\(call) on \(path): \(reason)", errorNumber: number)
    }
}
