#define _GNU_SOURCE
#include "CLinuxMemory.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static int release_segments(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size;
    (void)unused;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int number = 0; number < info->dlpi_phnum; number++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[number];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) != 0) continue;
        uintptr_t start = ((uintptr_t)info->dlpi_addr + segment->p_vaddr + page - 1) / page * page;
        uintptr_t end = ((uintptr_t)info->dlpi_addr + segment->p_vaddr + segment->p_filesz) / page * page;
        // A hint: where it fails the pages stay.
        if (end > start) (void)madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void CLinux_release_memory(void) {
    (void)malloc_trim(0);
    (void)dl_iterate_phdr(release_segments, NULL);
}

void CLinux_return_freed_blocks(int bytes) {
    (void)mallopt(M_MMAP_THRESHOLD, bytes);
    (void)mallopt(M_TRIM_THRESHOLD, 2 * bytes);
}
