#pragma once

/// eventfd with EFD_NONBLOCK and EFD_CLOEXEC, which Glibc's Swift module lacks; -1 where the process has no file to spare.
int CLinux_event_file(void);
