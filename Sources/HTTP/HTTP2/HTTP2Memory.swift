internal import CNGHTTP2
internal import Glibc

/// Where nghttp2 gets its memory: from the heap, but of a large block no page stays that was used before. A session makes a
/// buffer of 16 KiB for frames, and one for small messages touches its first bytes only; the heap would give it what a TLS
/// handshake has just left, and with a hundred thousand sessions that is a gigabyte.
enum HTTP2Memory {
    /// The least size of a block whose pages are given back, in bytes.
    private static let largeBlock = 16 << 10
    private static let pageSize = UInt(max(1, sysconf(Int32(_SC_PAGESIZE))))

    static var functions: nghttp2_mem {
        unsafe nghttp2_mem(
            mem_user_data: nil,
            malloc: { size, _ in unsafe HTTP2Memory.untouched(Glibc.malloc(size), size) },
            free: { block, _ in unsafe Glibc.free(block) },
            calloc: { count, size, _ in unsafe Glibc.calloc(count, size) },
            realloc: { block, size, _ in
                let moved = unsafe Glibc.realloc(block, size)
                return unsafe block == nil ? HTTP2Memory.untouched(moved, size) : moved
            }
        )
    }

    /// A new block, whose content is nobody's yet: the whole pages in it are given back, and come as they are written to.
    private static func untouched(_ block: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
        guard size >= largeBlock, let block = unsafe block else { return unsafe block }
        let start = UInt(bitPattern: block)
        let first = (start + pageSize - 1) / pageSize * pageSize
        let end = (start + UInt(size)) / pageSize * pageSize
        if end > first {
            unsafe _ = madvise(UnsafeMutableRawPointer(bitPattern: first), Int(end - first), MADV_DONTNEED)
        }
        return unsafe block
    }
}
