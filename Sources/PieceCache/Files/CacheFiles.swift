package import NIOCore

/// The disk as the cache sees it; tests put a faulty twin in its place. Every call may block: pool threads only, but
/// `readCached`.
package protocol CacheFiles: Sendable {
    func makeDirectory(_ path: String) throws(PieceCacheError)
    /// Names in a directory, without `.` and `..`.
    func names(in directory: String) throws(PieceCacheError) -> [String]
    /// For reading and writing; created when missing.
    func open(_ path: String) throws(PieceCacheError) -> CacheFile
    /// Takes the file's lock for this process; `.inUse` where another holds it.
    func lock(_ file: CacheFile) throws(PieceCacheError)
    func size(of file: CacheFile) throws(PieceCacheError) -> UInt64
    /// Bytes allocated on disk and the time of the last change in seconds, and hard links; nil where there is no such file.
    func allocation(at path: String) -> (bytes: UInt64, changed: Int64, links: Int)?
    func setSize(of file: CacheFile, to size: UInt64) throws(PieceCacheError)
    /// All of the bytes.
    func write(_ bytes: RawSpan, to file: CacheFile, at offset: UInt64) throws(PieceCacheError)
    /// Lets the disk begin with these bytes, so that a later `sync` has less to do; waits for nothing and promises nothing.
    func startWriteback(of file: CacheFile, at offset: UInt64, count: Int)
    /// Appends exactly `count` bytes to the buffer.
    func read(_ count: Int, from file: CacheFile, at offset: UInt64, into buffer: inout ByteBuffer)
        throws(PieceCacheError)
    /// As `read`, but only out of the page cache and never blocking; false, and nothing appended, where that fails.
    func readCached(_ count: Int, from file: CacheFile, at offset: UInt64, into buffer: inout ByteBuffer) -> Bool
    /// `fdatasync`.
    func sync(_ file: CacheFile) throws(PieceCacheError)
    /// `fsync` of a directory, after a rename within it.
    func syncDirectory(_ path: String) throws(PieceCacheError)
    func rename(_ path: String, to other: String) throws(PieceCacheError)
    /// A hard link; false where the file system cannot (other device, not allowed).
    func link(_ path: String, to other: String) throws(PieceCacheError) -> Bool
    /// Shares blocks where the file system can, else copies within the kernel, else through memory.
    func copy(_ file: CacheFile, count: UInt64, to other: CacheFile) throws(PieceCacheError)
    /// Shares all blocks with `other`; false where the file system cannot.
    func clone(_ file: CacheFile, to other: CacheFile) -> Bool
    /// No error where there is no such file.
    func removeFile(_ path: String) throws(PieceCacheError)
    /// An empty directory; no error where there is none.
    func removeDirectory(_ path: String) throws(PieceCacheError)
}
