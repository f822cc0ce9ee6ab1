#pragma once
#include <zlib.h>

/* Function-like macros are not imported by Swift; each shim stands for the macro in its name. */

/* deflateInit2, with the gzip wrapper (window bits 15 + 16) and default memory and strategy. */
static inline int CZlib_deflateInitGzip(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}

/* inflateInit2, with the gzip wrapper (window bits 15 + 16). */
static inline int CZlib_inflateInitGzip(z_stream *stream) {
    return inflateInit2(stream, 15 + 16);
}
