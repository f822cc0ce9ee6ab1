internal import Glibc
internal import Units

/// Keeps other programs from a file while it is read, changed and written back. A lock ends with its process.
package enum FileLock {
    /// How often a lock that another has is tried, 20 ms apart: for five seconds.
    private static let attempts = 250

    /// Runs `body` under the lock at `path`, which stays an empty file; throws `unavailable` where another keeps it.
    package static func hold(_ path: String, _ body: () throws -> Void) throws {
        let file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw UserError(.permissionDenied, "\(path) cannot be written") }
        defer { close(file) }
        for _ in 0..<attempts {
            if flock(file, LOCK_EX | LOCK_NB) == 0 { return try body() }
            guard errno == EWOULDBLOCK || errno == EINTR else { break }
            usleep(20_000)
        }
        throw UserError(.unavailable, "another program keeps \(path) locked")
    }
}
