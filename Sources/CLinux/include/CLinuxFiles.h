#pragma once
#include <stddef.h>
#include <stdint.h>

// File calls that Glibc's Swift module lacks, because they need _GNU_SOURCE. Each returns what the call returns, or
// -errno; EINTR is repeated.

/// preadv2 with RWF_NOWAIT: bytes that are in the page cache, else -EAGAIN.
int64_t CLinux_read_cached(int file, void *bytes, size_t count, int64_t offset);
/// sync_file_range with SYNC_FILE_RANGE_WRITE: writing begins, nothing is awaited.
void CLinux_start_writeback(int file, int64_t offset, int64_t count);
/// copy_file_range between equal offsets.
int64_t CLinux_copy_range(int from, int to, int64_t offset, size_t count);
/// ioctl FICLONE: shares all blocks of `from` with `to`, where the file system can.
int CLinux_clone_file(int from, int to);
/// flock LOCK_EX | LOCK_NB.
int CLinux_lock_file(int file);
/// open with O_CLOEXEC; variadic in C.
int CLinux_open_file(const char *path, int flags, uint32_t mode);
