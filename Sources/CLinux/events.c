#include "CLinuxEvents.h"

#include <sys/eventfd.h>

int CLinux_event_file(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
