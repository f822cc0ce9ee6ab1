#pragma once

/// Gives back what the process does not need now: free heap (malloc_trim), and pages of its program and libraries, which
/// come back from the page cache as they are touched (madvise MADV_DONTNEED on segments that are never written).
void CLinux_release_memory(void);

/// Sets the allocator so that every freed block of at least `bytes` goes back to the system at once (mallopt
/// M_MMAP_THRESHOLD), and free heap of twice that at a heap's end (M_TRIM_THRESHOLD). By itself glibc raises both to the
/// largest block it has seen, and keeps blocks of that size.
void CLinux_return_freed_blocks(int bytes);
