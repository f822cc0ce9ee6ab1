import NIOCore
import PieceCache
import Synchronization

/// The real disk, until it is told to fail: `remaining` writes succeed, then all fail with `error`.
final class FaultyFiles: CacheFiles {
    struct Plan: Sendable {
        var remaining = Int.max
        var error = PieceCacheError(.noSpace, "a full disk", errorNumber: 28)
        var failsSync = false
        var cannotLink = false
        var neverCached = false
    }
    let plan = Mutex(Plan())
    private let real = SystemFiles()

    func change(_ body: (inout Plan) -> Void) { plan.withLock { body(&$0) } }

    func write(_ bytes: RawSpan, to file: CacheFile, at offset: UInt64) throws(PieceCacheError) {
        let error = plan.withLock { plan -> PieceCacheError? in
            guard plan.remaining > 0 else { return plan.error }
            plan.remaining -= 1
            return nil
        }
        if let error { throw error }
        try real.write(bytes, to: file, at: offset)
    }
    func startWriteback(of file: CacheFile, at offset: UInt64, count: Int) {
        real.startWriteback(of: file, at: offset, count: count)
    }
    func sync(_ file: CacheFile) throws(PieceCacheError) {
        if plan.withLock({ $0.failsSync }) { throw PieceCacheError(.disk, "a failed sync", errorNumber: 5) }
        try real.sync(file)
    }
    func link(_ path: String, to other: String) throws(PieceCacheError) -> Bool {
        try plan.withLock({ $0.cannotLink }) ? false : real.link(path, to: other)
    }
    func readCached(_ count: Int, from file: CacheFile, at offset: UInt64, into buffer: inout ByteBuffer) -> Bool {
        !plan.withLock({ $0.neverCached }) && real.readCached(count, from: file, at: offset, into: &buffer)
    }

    func makeDirectory(_ path: String) throws(PieceCacheError) { try real.makeDirectory(path) }
    func names(in directory: String) throws(PieceCacheError) -> [String] { try real.names(in: directory) }
    func open(_ path: String) throws(PieceCacheError) -> CacheFile { try real.open(path) }
    func lock(_ file: CacheFile) throws(PieceCacheError) { try real.lock(file) }
    func size(of file: CacheFile) throws(PieceCacheError) -> UInt64 { try real.size(of: file) }
    func allocation(at path: String) -> (bytes: UInt64, changed: Int64, links: Int)? { real.allocation(at: path) }
    func setSize(of file: CacheFile, to size: UInt64) throws(PieceCacheError) { try real.setSize(of: file, to: size) }
    func read(_ count: Int, from file: CacheFile, at offset: UInt64, into buffer: inout ByteBuffer)
        throws(PieceCacheError)
    { try real.read(count, from: file, at: offset, into: &buffer) }
    func syncDirectory(_ path: String) throws(PieceCacheError) { try real.syncDirectory(path) }
    func rename(_ path: String, to other: String) throws(PieceCacheError) { try real.rename(path, to: other) }
    func copy(_ file: CacheFile, count: UInt64, to other: CacheFile) throws(PieceCacheError) {
        try real.copy(file, count: count, to: other)
    }
    func clone(_ file: CacheFile, to other: CacheFile) -> Bool { false }
    func removeFile(_ path: String) throws(PieceCacheError) { try real.removeFile(path) }
    func removeDirectory(_ path: String) throws(PieceCacheError) { try real.removeDirectory(path) }
}
