#pragma once
#include <nghttp2/nghttp2.h>

/* Stands for the union members of nghttp2_frame, which Swift reaches only through copies of the whole union. */
static inline size_t CNGHTTP2_data_padding(const nghttp2_frame *frame) { return frame->data.padlen; }
static inline uint32_t CNGHTTP2_reset_code(const nghttp2_frame *frame) { return frame->rst_stream.error_code; }
static inline int32_t CNGHTTP2_goaway_last_stream(const nghttp2_frame *frame) { return frame->goaway.last_stream_id; }
static inline uint32_t CNGHTTP2_goaway_code(const nghttp2_frame *frame) { return frame->goaway.error_code; }
