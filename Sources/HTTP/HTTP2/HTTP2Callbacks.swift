internal import CNGHTTP2

/// nghttp2's callbacks, one object for all sessions: each finds its session and calls one method.
@safe final class HTTP2Callbacks: Sendable {
    /// What becomes of a header field.
    enum FieldVerdict { case take, refuse }

    static let shared = HTTP2Callbacks()

    // Written once in init, read only afterwards; nghttp2 copies it into each session.
    nonisolated(unsafe) let raw: OpaquePointer?

    private init() {
        var callbacks: OpaquePointer?
        unsafe nghttp2_session_callbacks_new(&callbacks)
        unsafe nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks) { _, header, user in
            guard let header = unsafe header?.pointee else { return 0 }
            unsafe HTTP2Callbacks.session(user).frameBegan(header.type, header.stream_id)
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, user in
            guard let frame = unsafe frame else { return 0 }
            unsafe HTTP2Callbacks.session(user).headersBegan(frame.pointee.hd.stream_id)
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _,
            frame,
            name,
            nameLength,
            value,
            length,
            _,
            user in
            guard let frame = unsafe frame, let name = unsafe name, let value = unsafe value else { return 0 }
            let verdict = unsafe HTTP2Callbacks.session(user).fieldArrived(
                frame.pointee.hd.stream_id,
                String(decoding: UnsafeBufferPointer(start: name, count: nameLength), as: UTF8.self),
                String(decoding: UnsafeBufferPointer(start: value, count: length), as: UTF8.self)
            )
            return switch verdict {
            case .take: 0
            // The rest of the head is decoded without asking, and its stream reset.
            case .refuse: NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
            }
        }
        unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, user in
            guard let frame = unsafe frame else { return 0 }
            unsafe HTTP2Callbacks.frameArrived(frame, HTTP2Callbacks.session(user))
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) {
            _,
            _,
            stream,
            bytes,
            count,
            user in
            guard let bytes = unsafe bytes else { return 0 }
            unsafe HTTP2Callbacks.session(user).bodyArrived(stream, bytes, count)
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, stream, code, user in
            unsafe HTTP2Callbacks.session(user).streamClosed(stream, code)
            return 0
        }
        unsafe Self.setSending(callbacks)
        unsafe raw = unsafe callbacks
    }

    private static func setSending(_ callbacks: OpaquePointer?) {
        unsafe nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, user in
            guard let frame = unsafe frame else { return 0 }
            switch unsafe UInt32(frame.pointee.hd.type) {
            case NGHTTP2_RST_STREAM.rawValue:
                unsafe HTTP2Callbacks.session(user).resetSent(frame.pointee.hd.stream_id, CNGHTTP2_reset_code(frame))
            case NGHTTP2_HEADERS.rawValue: unsafe HTTP2Callbacks.session(user).headersSent()
            case NGHTTP2_GOAWAY.rawValue: unsafe HTTP2Callbacks.session(user).goAwaySent()
            default: break
            }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_send_data_callback(callbacks) { _, frame, header, count, _, user in
            guard let frame = unsafe frame, let header = unsafe header else { return 0 }
            let session = unsafe HTTP2Callbacks.session(user)
            unsafe session.dataSent(frame.pointee.hd.stream_id, header: header, count: count)
            return 0
        }
        unsafe nghttp2_session_callbacks_set_data_source_read_length_callback(callbacks) {
            _,
            _,
            _,
            connectionWindow,
            streamWindow,
            maximumFrame,
            _ in
            Int(min(connectionWindow, streamWindow, Int32(clamping: maximumFrame)))
        }
    }

    private static func session(_ user: UnsafeMutableRawPointer?) -> HTTP2Session {
        guard let user = unsafe user else { preconditionFailure("nghttp2 lost its session") }
        return unsafe Unmanaged<HTTP2Session>.fromOpaque(user).takeUnretainedValue()
    }

    private static func frameArrived(_ frame: UnsafePointer<nghttp2_frame>, _ session: HTTP2Session) {
        let header = unsafe frame.pointee.hd
        let endStream = UInt32(header.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0
        switch UInt32(header.type) {
        case NGHTTP2_HEADERS.rawValue:
            let isLater = unsafe frame.pointee.headers.cat == NGHTTP2_HCAT_HEADERS
            session.headersArrived(
                header.stream_id,
                isLater: isLater,
                endStream: endStream,
                length: header.length
            )
        case NGHTTP2_DATA.rawValue:
            let padding = unsafe CNGHTTP2_data_padding(frame)
            session.dataArrived(header.stream_id, length: header.length, padding: padding, endStream: endStream)
        case NGHTTP2_GOAWAY.rawValue:
            unsafe session.goAwayArrived(CNGHTTP2_goaway_last_stream(frame), CNGHTTP2_goaway_code(frame))
        default: session.otherFrameArrived(header.type, isAnswer: UInt32(header.flags) & NGHTTP2_FLAG_ACK.rawValue != 0)
        }
    }

    /// Where a stream's body comes from: the session's own queue, not copied into nghttp2.
    static func provider() -> nghttp2_data_provider {
        unsafe nghttp2_data_provider(source: nghttp2_data_source()) { _, stream, _, length, flags, _, user in
            let session = unsafe HTTP2Callbacks.session(user)
            guard let wanted = session.dataWanted(stream, atMost: length) else {
                return Int(NGHTTP2_ERR_DEFERRED.rawValue)
            }
            var told = NGHTTP2_DATA_FLAG_NO_COPY.rawValue
            if wanted.isLast { told |= NGHTTP2_DATA_FLAG_EOF.rawValue }
            if wanted.hasTrailers { told |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue }
            unsafe flags?.pointee |= told
            return wanted.count
        }
    }
}
