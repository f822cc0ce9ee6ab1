#define _GNU_SOURCE
#include "CLinuxFiles.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

int64_t CLinux_read_cached(int file, void *bytes, size_t count, int64_t offset) {
    struct iovec part = {bytes, count};
    ssize_t done;
    do {
        done = preadv2(file, &part, 1, offset, RWF_NOWAIT);
    } while (done < 0 && errno == EINTR);
    return done < 0 ? -errno : done;
}

void CLinux_start_writeback(int file, int64_t offset, int64_t count) {
    // A hint: where it fails, the sync that follows does all the work and tells.
    (void)sync_file_range(file, offset, count, SYNC_FILE_RANGE_WRITE);
}

int64_t CLinux_copy_range(int from, int to, int64_t offset, size_t count) {
    off_t in = offset, out = offset;
    ssize_t done;
    do {
        done = copy_file_range(from, &in, to, &out, count, 0);
    } while (done < 0 && errno == EINTR);
    return done < 0 ? -errno : done;
}

int CLinux_clone_file(int from, int to) {
    return ioctl(to, FICLONE, from) < 0 ? -errno : 0;
}

int CLinux_lock_file(int file) {
    int result;
    do {
        result = flock(file, LOCK_EX | LOCK_NB);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : 0;
}

int CLinux_open_file(const char *path, int flags, uint32_t mode) {
    int file;
    do {
        file = open(path, flags | O_CLOEXEC, (mode_t)mode);
    } while (file < 0 && errno == EINTR);
    return file < 0 ? -errno : file;
}
