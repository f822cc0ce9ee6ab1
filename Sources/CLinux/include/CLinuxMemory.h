#pragma once

/// Gives back what the process does not need now: free heap (malloc_trim), and pages of its program and libraries, which
/// come back from the page cache as they are touched (madvise MADV_DONTNEED on segments that are never written).
void CLinux_release_memory(void);
