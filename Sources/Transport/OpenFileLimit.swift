internal import Glibc

/// How many files and sockets this process may have open.
package enum OpenFileLimit {
    /// Raises the soft limit to the hard one, as a server of many connections wants it; returns the limit that holds
    /// now. Where the kernel refuses, the limit stays as it was.
    @discardableResult
    package static func raise() -> UInt64 {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        let before = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return UInt64(before) }
        return UInt64(limit.rlim_cur)
    }
}
