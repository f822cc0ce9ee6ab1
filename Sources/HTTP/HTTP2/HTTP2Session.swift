internal import CNGHTTP2
internal import NIOCore

/// nghttp2 as an engine without I/O: the peer's bytes in, events out; submissions in, bytes for the peer out. Owned by
/// one event loop.
@safe final class HTTP2Session {
    /// Frames nghttp2 may have queued for a peer that does not read.
    static let maximumQueuedFrames = 5000

    let isServer: Bool
    let limits: HTTPLimits
    private var raw: OpaquePointer?
    /// The input being parsed, for slices without copying.
    private var input = ByteBuffer()
    private var inputBase: UnsafeRawPointer?
    private var events: [HTTP2Event] = []
    private var heads: [Int32: HTTPFields] = [:]
    private var headSizes: [Int32: Int] = [:]
    private var outbound: [Int32: HTTP2Outbound] = [:]
    private var output: [ByteBuffer] = []
    private var flood = HTTP2Guard()

    init(isServer: Bool, limits: HTTPLimits) throws(HTTPError) {
        self.isServer = isServer
        self.limits = limits
        var options: OpaquePointer?
        guard unsafe nghttp2_option_new(&options) == 0 else { throw HTTPError(.connect, "out of memory") }
        defer { unsafe nghttp2_option_del(options) }
        unsafe nghttp2_option_set_no_auto_window_update(options, 1)
        unsafe nghttp2_option_set_no_closed_streams(options, 1)
        unsafe nghttp2_option_set_max_settings(options, 32)
        let user = unsafe Unmanaged.passUnretained(self).toOpaque()
        let status =
            isServer
            ? unsafe nghttp2_session_server_new2(&raw, HTTP2Callbacks.shared.raw, user, options)
            : unsafe nghttp2_session_client_new2(&raw, HTTP2Callbacks.shared.raw, user, options)
        guard status == 0 else { throw HTTPError(.connect, "out of memory") }
        submitSettings()
    }

    deinit { unsafe nghttp2_session_del(raw) }

    private func submitSettings() {
        var entries: [nghttp2_settings_entry] = []
        func set(_ id: nghttp2_settings_id, _ value: UInt32) {
            entries.append(nghttp2_settings_entry(settings_id: Int32(id.rawValue), value: value))
        }
        set(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, isServer ? limits.maximumConcurrentStreams : 0)
        set(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, UInt32(limits.streamWindow))
        set(NGHTTP2_SETTINGS_MAX_FRAME_SIZE, limits.maximumFrameSize)
        set(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, UInt32(limits.maximumHeaderListSize))
        if !isServer { set(NGHTTP2_SETTINGS_ENABLE_PUSH, 0) }
        unsafe nghttp2_submit_settings(raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), entries, entries.count)
        unsafe nghttp2_session_set_local_window_size(raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, limits.connectionWindow)
    }

    // MARK: Input

    /// Takes the peer's bytes; what they meant comes back in order. Throws when the connection cannot go on: what
    /// `takeOutput` then gives (a GOAWAY) should still be sent.
    func receive(_ bytes: ByteBuffer) throws(HTTPError) -> [HTTP2Event] {
        input = bytes
        let used = unsafe bytes.withUnsafeReadableBytes { buffer in
            unsafe inputBase = buffer.baseAddress
            defer { unsafe inputBase = nil }
            return unsafe nghttp2_session_mem_recv(raw, buffer.bindMemory(to: UInt8.self).baseAddress, buffer.count)
        }
        input = ByteBuffer()
        defer { events = [] }
        if let violation = flood.violation {
            end(.enhanceYourCalm)
            throw HTTPError(.protocolViolation, violation, code: .enhanceYourCalm)
        }
        guard used >= 0 else {
            throw HTTPError(.protocolViolation, unsafe String(cString: nghttp2_strerror(CInt(used))))
        }
        guard unsafe nghttp2_session_get_outbound_queue_size(raw) <= Self.maximumQueuedFrames else {
            end(.enhanceYourCalm)
            throw HTTPError(.protocolViolation, "the peer does not read", code: .enhanceYourCalm)
        }
        return events
    }

    /// A slice of the input for bytes that lie in it; a copy for bytes that do not.
    private func slice(_ start: UnsafePointer<UInt8>, _ count: Int) -> ByteBuffer {
        if let base = unsafe inputBase {
            let offset = unsafe UnsafeRawPointer(start) - base
            if offset >= 0, let slice = input.getSlice(at: input.readerIndex + offset, length: count) { return slice }
        }
        return unsafe ByteBuffer(bytes: UnsafeBufferPointer(start: start, count: count))
    }

    // MARK: Called by nghttp2

    func headersBegan(_ stream: Int32) {
        if heads[stream] == nil, isServer { flood.streamOpened() }
        heads[stream] = HTTPFields()
        headSizes[stream] = 0
    }

    /// Counts fields on beyond the limit without keeping them, so that a bomb far beyond it ends the connection;
    /// nghttp2 would show no more of a head once its stream is refused.
    func fieldArrived(_ stream: Int32, _ name: String, _ value: String) -> HTTP2Callbacks.FieldVerdict {
        let size = (headSizes[stream] ?? 0) + name.utf8.count + value.utf8.count + 32
        headSizes[stream] = size
        if size > 4 * limits.maximumHeaderListSize { return .endConnection }
        if size <= limits.maximumHeaderListSize { heads[stream]?.append(name, value) }
        return .take
    }

    func headersArrived(_ stream: Int32, isTrailers: Bool, endStream: Bool, length: Int) {
        flood.headersArrived(length: length)
        let fields = heads.removeValue(forKey: stream) ?? HTTPFields()
        guard headSizes.removeValue(forKey: stream) ?? 0 <= limits.maximumHeaderListSize else {
            return reset(stream, .enhanceYourCalm)
        }
        if isTrailers {
            events.append(.trailers(stream: stream, fields: fields))
        } else {
            events.append(.head(stream: stream, fields: fields, endStream: endStream))
        }
        if endStream { events.append(.end(stream: stream)) }
    }

    func bodyArrived(_ stream: Int32, _ start: UnsafePointer<UInt8>, _ count: Int) {
        events.append(.body(stream: stream, bytes: unsafe slice(start, count)))
    }

    func dataArrived(_ stream: Int32, length: Int, padding: Int, endStream: Bool) {
        flood.dataArrived(payload: length - padding, padded: length, endStream: endStream)
        // Padding is never read by anybody: credited at once.
        if padding > 0 { unsafe nghttp2_session_consume(raw, stream, padding) }
        if endStream { events.append(.end(stream: stream)) }
    }

    func otherFrameArrived(_ type: UInt8) {
        switch UInt32(type) {
        case NGHTTP2_PRIORITY.rawValue: flood.priorityArrived()
        case NGHTTP2_WINDOW_UPDATE.rawValue: flood.windowUpdateArrived()
        case NGHTTP2_RST_STREAM.rawValue: flood.resetSeen()
        default: flood.controlArrived()
        }
    }

    func goAwayArrived(_ lastStream: Int32, _ code: UInt32) {
        events.append(.goAway(lastStream: lastStream, code: HTTP2ErrorCode(rawValue: code)))
    }

    /// We reset a stream: on a server it counts against the peer unless we were done with it.
    func resetSent(_ code: UInt32) {
        if isServer, code != HTTP2ErrorCode.noError.rawValue, code != HTTP2ErrorCode.cancel.rawValue {
            flood.resetSeen()
        }
    }

    func dataFrameSent() { flood.dataFrameSent() }

    func streamClosed(_ stream: Int32, _ code: UInt32) {
        outbound.removeValue(forKey: stream)
        heads.removeValue(forKey: stream)
        headSizes.removeValue(forKey: stream)
        flood.streamClosed(HTTP2ErrorCode(rawValue: code))
        events.append(.closed(stream: stream, code: HTTP2ErrorCode(rawValue: code)))
    }

    /// How much a DATA frame may carry now; nil to be asked again later.
    func dataWanted(_ stream: Int32, atMost length: Int) -> (count: Int, isLast: Bool, hasTrailers: Bool)? {
        guard var out = outbound[stream] else { return (0, true, false) }
        defer { outbound[stream] = out }
        let count = min(length, out.pendingBytes)
        let isLast = out.isFinished && count == out.pendingBytes
        if count == 0, !isLast {
            out.isDeferred = true
            return nil
        }
        if isLast, let trailers = out.trailers {
            unsafe HTTP2NameValues.with(trailers) { unsafe _ = nghttp2_submit_trailer(raw, stream, $0, $1) }
            return (count, true, true)
        }
        return (count, isLast, false)
    }

    /// Puts a DATA frame's header and its bytes into the output.
    func dataSent(_ stream: Int32, header: UnsafePointer<UInt8>, count: Int) {
        output.append(unsafe ByteBuffer(bytes: UnsafeBufferPointer(start: header, count: 9)))
        outbound[stream]?.take(count, into: &output)
        sentBytes.append((stream, count))
    }

    private var sentBytes: [(Int32, Int)] = []

    // MARK: Output

    /// Events that came about while output was made, such as streams that closed.
    func takeEvents() -> [HTTP2Event] {
        defer { events = [] }
        return events
    }

    /// Body bytes that left since the last call, by stream.
    func takeSent() -> [(stream: Int32, count: Int)] {
        defer { sentBytes = [] }
        return sentBytes.map { (stream: $0.0, count: $0.1) }
    }

    /// Bytes for the peer, up to about `limit`; empty when there are none.
    func takeOutput(limit: Int) -> [ByteBuffer] {
        var total = 0
        while total < limit {
            let before = output.count
            var start: UnsafePointer<UInt8>?
            let count = unsafe nghttp2_session_mem_send(raw, &start)
            if count > 0, let start = unsafe start {
                let bytes = unsafe UnsafeBufferPointer(start: start, count: count)
                // DATA frames sent in this call were appended before these bytes.
                if before < output.count || output.isEmpty || output[output.count - 1].readableBytes > 4096 {
                    output.append(unsafe ByteBuffer(bytes: bytes))
                } else {
                    unsafe output[output.count - 1].writeBytes(bytes)
                }
                total += count
            }
            total += output[before...].reduce(0) { $0 + $1.readableBytes }
            if count <= 0, before == output.count { break }
        }
        defer { output = [] }
        return output
    }

    var wantsMore: Bool { unsafe nghttp2_session_want_read(raw) != 0 || nghttp2_session_want_write(raw) != 0 }

    // MARK: Submissions

    /// Opens a stream; throws when the peer takes no more of them.
    func submitRequest(_ head: HTTPRequestHead, endStream: Bool) throws(HTTPError) -> Int32 {
        var fields = HTTPFields()
        fields.append(":method", head.method)
        fields.append(":scheme", head.scheme)
        fields.append(":authority", head.authority)
        fields.append(":path", head.path)
        for field in head.fields.fields { fields.append(field.name, field.value) }
        let stream = unsafe HTTP2NameValues.with(fields) { values, count in
            guard !endStream else { return unsafe nghttp2_submit_request(raw, nil, values, count, nil, nil) }
            var provider = unsafe HTTP2Callbacks.provider()
            return unsafe nghttp2_submit_request(raw, nil, values, count, &provider, nil)
        }
        guard stream > 0 else { throw HTTPError(.goAway, "the connection takes no new streams", code: .refusedStream) }
        if !endStream { outbound[stream] = HTTP2Outbound() }
        return stream
    }

    func submitResponse(_ stream: Int32, _ head: HTTPResponseHead, endStream: Bool) {
        var fields = HTTPFields()
        fields.append(":status", "\(head.status)")
        for field in head.fields.fields { fields.append(field.name, field.value) }
        if !endStream { outbound[stream] = HTTP2Outbound() }
        unsafe HTTP2NameValues.with(fields) { values, count in
            guard !endStream else {
                unsafe _ = nghttp2_submit_response(raw, stream, values, count, nil)
                return
            }
            var provider = unsafe HTTP2Callbacks.provider()
            unsafe _ = nghttp2_submit_response(raw, stream, values, count, &provider)
        }
    }

    func append(_ stream: Int32, _ bytes: ByteBuffer) {
        outbound[stream]?.append(bytes)
        resume(stream)
    }

    func finish(_ stream: Int32, trailers: HTTPFields?) {
        outbound[stream]?.isFinished = true
        outbound[stream]?.trailers = trailers?.isEmpty == false ? trailers : nil
        resume(stream)
    }

    private func resume(_ stream: Int32) {
        guard outbound[stream]?.isDeferred == true else { return }
        outbound[stream]?.isDeferred = false
        unsafe nghttp2_session_resume_data(raw, stream)
    }

    /// Whether everything of a finished stream has been handed out.
    func isDrained(_ stream: Int32) -> Bool {
        unsafe nghttp2_session_get_stream_local_close(raw, stream) == 1
    }

    func reset(_ stream: Int32, _ code: HTTP2ErrorCode) {
        unsafe nghttp2_submit_rst_stream(raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, code.rawValue)
    }

    /// The reader has taken body bytes: their window is given back.
    func consumed(_ stream: Int32, _ count: Int) { unsafe nghttp2_session_consume(raw, stream, count) }

    /// Tells the peer to open no more streams; those under way go on.
    func announceShutdown() { unsafe nghttp2_submit_shutdown_notice(raw) }

    /// Ends the connection once what is queued has been sent.
    func end(_ code: HTTP2ErrorCode) { unsafe nghttp2_session_terminate_session(raw, code.rawValue) }
}
