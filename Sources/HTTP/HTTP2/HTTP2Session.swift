internal import CNGHTTP2
internal import NIOCore

/// nghttp2 as an engine without I/O: the peer's bytes in, events out; submissions in, bytes for the peer out. Owned by
/// one event loop.
@safe final class HTTP2Session {
    let isServer: Bool
    let limits: HTTPLimits
    private var raw: OpaquePointer?
    /// The input being parsed, for slices without copying.
    private var input = ByteBuffer()
    private var inputBase: UnsafeRawPointer?
    /// What came and waits for a later turn, and how much one takes.
    private var unread = ByteBuffer()
    private var turn: HTTP2InputTurn?
    private var events: [HTTP2Event] = []
    /// The block of header fields that is being read; no other can begin before its end (RFC 9113 section 4.3).
    private var head = HTTPFields()
    private var headSize = 0
    private var outbound: [Int32: HTTP2Outbound] = [:]
    private var output: [ByteBuffer] = []
    private var flood: HTTP2Guard
    private var peerStreams = HTTP2PeerStreams()
    /// The peer's first SETTINGS came: its preface is complete.
    private(set) var hasPeerSettings = false
    /// PINGs of ours without an answer yet.
    private var pingsUnanswered = 0
    /// How far the notice of a shutdown is: its PING goes behind it.
    private var notice = Notice.none
    private enum Notice { case none, submitted, pinged }

    init(isServer: Bool, limits: HTTPLimits) throws(HTTPError) {
        self.isServer = isServer
        self.limits = limits
        self.flood = HTTP2Guard(
            isServer: isServer,
            limits: limits.floods,
            maximumConcurrentStreams: limits.maximumConcurrentStreams
        )
        if isServer { self.turn = HTTP2InputTurn(preface: Int(NGHTTP2_CLIENT_MAGIC_LEN)) }
        var options: OpaquePointer?
        guard unsafe nghttp2_option_new(&options) == 0 else { throw HTTPError(.connect, "out of memory") }
        defer { unsafe nghttp2_option_del(options) }
        unsafe nghttp2_option_set_no_auto_window_update(options, 1)
        unsafe nghttp2_option_set_no_closed_streams(options, 1)
        unsafe nghttp2_option_set_max_settings(options, 32)
        // A space at either end of a value would lose the whole stream, in trailers the status with it; peers send them.
        unsafe nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(options, 1)
        unsafe nghttp2_option_set_max_deflate_dynamic_table_size(options, Int(limits.headerTableSize))
        let user = unsafe Unmanaged.passUnretained(self).toOpaque()
        var memory = unsafe HTTP2Memory.functions
        let status =
            isServer
            ? unsafe nghttp2_session_server_new3(&raw, HTTP2Callbacks.shared.raw, user, options, &memory)
            : unsafe nghttp2_session_client_new3(&raw, HTTP2Callbacks.shared.raw, user, options, &memory)
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
        // RFC 9218: no tree of streams that a client can make grow (RFC 9113 section 5.3).
        if isServer { set(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1) }
        if limits.headerTableSize != 4096 { set(NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, limits.headerTableSize) }
        unsafe nghttp2_submit_settings(raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), entries, entries.count)
        unsafe nghttp2_session_set_local_window_size(raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, limits.connectionWindow)
    }

    // MARK: Input

    /// Takes the peer's bytes; what they meant comes back in order. Throws when the connection cannot go on: what
    /// `takeOutput` then gives (a GOAWAY) should still be sent. What a client sent beyond one turn waits for the next.
    func receive(_ bytes: ByteBuffer, at now: NIODeadline = .now()) throws(HTTPError) -> [HTTP2Event] {
        flood.readBegan(at: now)
        if hasUnread {
            unread.writeImmutableBuffer(bytes)
            return []
        }
        unread = bytes
        return try receiveOn()
    }

    /// Whether input waits for a turn.
    var hasUnread: Bool { unread.readableBytes > 0 }

    /// The next turn of input that waits.
    func receiveOn() throws(HTTPError) -> [HTTP2Event] {
        let count = turn?.take(unread) ?? unread.readableBytes
        guard let bytes = unread.readSlice(length: count) else { return [] }
        if unread.readableBytes == 0 { unread = ByteBuffer() }
        input = bytes
        let used = unsafe bytes.withUnsafeReadableBytes { buffer in
            unsafe inputBase = buffer.baseAddress
            defer { unsafe inputBase = nil }
            return unsafe nghttp2_session_mem_recv(raw, buffer.bindMemory(to: UInt8.self).baseAddress, buffer.count)
        }
        input = ByteBuffer()
        defer { events = [] }
        flood.parsed(count)
        if let (code, sentence) = peerStreams.violation {
            end(code, sentence)
            throw HTTPError(.protocolViolation, sentence, code: code)
        }
        if let violation = flood.violation {
            end(.enhanceYourCalm, violation)
            throw HTTPError(.protocolViolation, violation, code: .enhanceYourCalm)
        }
        guard used >= 0 else {
            throw HTTPError(.protocolViolation, unsafe String(cString: nghttp2_strerror(CInt(used))))
        }
        guard unsafe nghttp2_session_get_outbound_queue_size(raw) <= limits.floods.queuedFrames else {
            end(.enhanceYourCalm, "the peer does not read")
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

    /// Any frame that nghttp2 does not throw away by its header alone.
    func frameBegan(_ type: UInt8, _ stream: Int32) {
        switch UInt32(type) {
        case NGHTTP2_HEADERS.rawValue where isServer: peerStreams.headersBegan(stream)
        case NGHTTP2_PRIORITY.rawValue:
            if stream == 0 { peerStreams.priorityOnConnection() }
            flood.priorityArrived()
        default: break
        }
    }

    func headersBegan(_ stream: Int32) {
        if isServer { flood.streamOpened() }
        head = HTTPFields()
        headSize = 0
    }

    /// Counts fields on beyond the limit without keeping them, so that a bomb far beyond it ends the connection;
    /// nghttp2 would show no more of a head once its stream is refused.
    func fieldArrived(_ stream: Int32, _ name: String, _ value: String) -> HTTP2Callbacks.FieldVerdict {
        headSize += name.utf8.count + value.utf8.count + 32
        guard headSize <= 4 * limits.maximumHeaderListSize else {
            flood.headOverflowed()
            return .refuse
        }
        if headSize <= limits.maximumHeaderListSize { head.append(name, value) }
        return .take
    }

    /// `isLater`: not the first head on its stream.
    func headersArrived(_ stream: Int32, isLater: Bool, endStream: Bool, length: Int) {
        flood.headersArrived(length: length)
        let fields = head
        head = HTTPFields()
        // Behind an interim response nghttp2 takes the final one for a later head; only trailers have no status.
        let isTrailers = isLater && fields[":status"] == nil
        guard headSize <= limits.maximumHeaderListSize else {
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
        flood.dataArrived(payload: length - padding, endStream: endStream)
        // nghttp2 has given the padding back to both windows by itself.
        if endStream { events.append(.end(stream: stream)) }
    }

    func otherFrameArrived(_ type: UInt8, isAnswer: Bool) {
        switch UInt32(type) {
        case NGHTTP2_PRIORITY.rawValue: break  // counted as it began: nghttp2 does not show all of them here
        case NGHTTP2_WINDOW_UPDATE.rawValue: flood.windowUpdateArrived()
        case NGHTTP2_RST_STREAM.rawValue: flood.resetSeen()
        case NGHTTP2_PING.rawValue where isAnswer:
            pingsUnanswered = max(0, pingsUnanswered - 1)
            flood.controlArrived()
        case NGHTTP2_PING.rawValue: flood.pingArrived()
        case NGHTTP2_SETTINGS.rawValue:
            if !isAnswer { hasPeerSettings = true }
            flood.controlArrived()
        default: flood.controlArrived()
        }
    }

    func goAwayArrived(_ lastStream: Int32, _ code: UInt32) {
        events.append(.goAway(lastStream: lastStream, code: HTTP2ErrorCode(rawValue: code)))
    }

    /// We reset a stream: it counts against the peer unless its response was complete.
    func resetSent(_ stream: Int32, _ code: UInt32) {
        peerStreams.resetHere(stream)
        guard code != HTTP2ErrorCode.noError.rawValue else { return }
        flood.resetSeen()
        if code == HTTP2ErrorCode.refusedStream.rawValue { flood.streamRefused() }
    }

    func headersSent() { flood.headersSent() }

    func streamClosed(_ stream: Int32, _ code: UInt32) {
        outbound.removeValue(forKey: stream)
        flood.streamClosed(HTTP2ErrorCode(rawValue: code))
        peerStreams.closed(stream)
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
        flood.dataFrameSent(count)
        output.append(unsafe ByteBuffer(bytes: UnsafeBufferPointer(start: header, count: 9)))
        let now = NIODeadline.now()
        if count > 0 { lastProgress = now }
        outbound[stream]?.take(count, into: &output, at: now)
        sentBytes.append((stream, count))
    }

    private var sentBytes: [(Int32, Int)] = []
    /// When body bytes left last.
    private(set) var lastProgress = NIODeadline.uptimeNanoseconds(0)

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
        shareFairly(stream)
        unsafe HTTP2NameValues.with(fields) { values, count in
            guard !endStream else {
                unsafe _ = nghttp2_submit_response(raw, stream, values, count, nil)
                return
            }
            var provider = unsafe HTTP2Callbacks.provider()
            unsafe _ = nghttp2_submit_response(raw, stream, values, count, &provider)
        }
    }

    /// Responses take turns frame by frame; RFC 9218's default would send one to its end before the next.
    private func shareFairly(_ stream: Int32) {
        var priority = nghttp2_extpri()
        priority.urgency = UInt32(NGHTTP2_EXTPRI_DEFAULT_URGENCY)
        priority.inc = 1
        unsafe nghttp2_session_change_extpri_stream_priority(raw, stream, &priority, 0)
    }

    func append(_ stream: Int32, _ bytes: ByteBuffer, at now: NIODeadline = .now()) {
        outbound[stream]?.append(bytes, at: now)
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

    /// Streams whose bytes have waited since before `time` without one of them leaving.
    func streamsStalled(since time: NIODeadline) -> [Int32] {
        outbound.filter { $0.value.pendingBytes > 0 && $0.value.waitingSince <= time }.map(\.key)
    }

    /// Whether any body bytes wait.
    var hasWaitingOutput: Bool { outbound.contains { $0.value.pendingBytes > 0 } }

    /// Tells the peer to open no more streams; those under way go on. An answer to the PING shows that it knows.
    func announceShutdown() {
        notice = .submitted
        unsafe nghttp2_submit_shutdown_notice(raw)
    }

    /// Whether the peer has answered all PINGs, the one behind the notice of a shutdown too.
    var hasNoticeAnswer: Bool { notice == .pinged && pingsUnanswered == 0 }

    /// The PING goes behind the notice: nghttp2 would send it first, and its answer would show nothing.
    func goAwaySent() {
        guard notice == .submitted else { return }
        notice = .pinged
        ping()
    }

    /// Asks the peer for an answer.
    func ping() {
        pingsUnanswered += 1
        unsafe nghttp2_submit_ping(raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil)
    }

    /// Ends the connection once what is queued has been sent; `reason` goes as debug data.
    func end(_ code: HTTP2ErrorCode, _ reason: String = "") {
        goAway(code, reason)
        unsafe nghttp2_session_terminate_session(raw, code.rawValue)
    }

    /// GOAWAY with the last stream that we took: those go on, new ones are not taken.
    func goAway(_ code: HTTP2ErrorCode, _ reason: String) {
        let last = unsafe nghttp2_session_get_last_proc_stream_id(raw)
        let text = Array(reason.utf8)
        unsafe nghttp2_submit_goaway(raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), last, code.rawValue, text, text.count)
    }
}
