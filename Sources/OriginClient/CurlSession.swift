internal import CCurl
internal import Glibc
internal import Logging
internal import Units

/// One connection to an origin: an easy handle in a multi handle of its own, so that its socket is nobody else's and
/// closes with it. Lives on the curl thread; libcurl calls back only from within calls made there.
@safe final class CurlSession {
    private let policy: OriginAccessPolicy
    private let rule: AddressRule
    private let sockets: SocketCounter
    private let stallNanoseconds: UInt64
    private let logger: Logger
    private let multi: UnsafeMutableRawPointer
    private let easy: UnsafeMutableRawPointer
    private var fields: UnsafeMutablePointer<curl_slist>?
    private var exchange: Exchange?
    private var waiting: [FetchOrder] = []
    private var gate = RateGate()
    private var timer: UInt64?
    private var hasRefusedAddress = false
    private var isClosed = false
    /// Sockets libcurl wants to be told about, and for which poll events.
    private(set) var watched: [CInt: Int16] = [:]

    init(policy: OriginAccessPolicy, sockets: SocketCounter, stallNanoseconds: UInt64, logger: Logger) {
        guard let multi = unsafe curl_multi_init(), let easy = unsafe curl_easy_init() else {
            preconditionFailure("no memory is left for libcurl")
        }
        self.policy = policy
        rule = AddressRule(allowsPrivate: policy.allowPrivateAddresses)
        self.sockets = sockets
        self.stallNanoseconds = stallNanoseconds
        self.logger = logger
        unsafe self.multi = multi
        unsafe self.easy = easy
        unsafe CurlOptions.apply(
            policy: policy,
            owner: unsafe Unmanaged.passUnretained(self).toOpaque(),
            easy: unsafe easy,
            multi: unsafe multi
        )
    }

    deinit { precondition(isClosed, "a curl session is closed before it is let go") }

    /// The session behind the context pointer of a callback, which it outlives.
    static func owner(_ context: UnsafeMutableRawPointer?) -> CurlSession? {
        guard let context = unsafe context else { return nil }
        return unsafe Unmanaged<CurlSession>.fromOpaque(context).takeUnretainedValue()
    }

    // MARK: What the client wants

    func ordered(_ order: FetchOrder) {
        guard !order.pipe.isEnded else { return }
        guard exchange == nil else {
            waiting.append(order)
            return
        }
        guard let url = OriginURL(order.url), policy.permits(order.url) else {
            order.pipe.finish(OriginError(.refusedAddress, "the URL is not below a registered origin"))
            return
        }
        let now = CurlLoop.now
        if let rate = order.rate { gate.rateChanged(to: rate, at: now) }
        exchange = Exchange(order: order, url: url, at: now)
        beginHop()
    }

    func rateChanged(to rate: BytesPerSecond?) {
        let now = CurlLoop.now
        gate.rateChanged(to: rate, at: now)
        if exchange?.heldByRateUntil != nil { exchange?.heldByRateUntil = now }
    }

    func consumerCaughtUp() {
        guard exchange?.isHeldByConsumer == true else { return }
        exchange?.isHeldByConsumer = false
        goOnUnlessPaused()
    }

    func cancelled(_ pipe: BodyPipe) {
        waiting.removeAll { $0.pipe === pipe }
        guard exchange?.order.pipe === pipe else { return }
        abort(OriginError(.cancelled, "the fetch was cancelled"))
    }

    /// Ends everything; the socket is closed on return.
    func close() {
        guard !isClosed else { return }
        let error = OriginError(.cancelled, "the connection to the origin is closed")
        for order in waiting { order.pipe.finish(error) }
        waiting = []
        abort(error)
        unsafe curl_easy_cleanup(easy)
        unsafe curl_multi_cleanup(multi)
        unsafe curl_slist_free_all(fields)
        isClosed = true
    }

    // MARK: What the thread sees

    /// When `timePassed` is due next.
    var wakesAt: UInt64 {
        var wake = timer ?? .max
        guard let exchange else { return wake }
        if let opening = exchange.heldByRateUntil { wake = min(wake, opening) }
        if !exchange.isPaused { wake = min(wake, exchange.movedAt + stallNanoseconds) }
        return wake
    }

    func timePassed(_ now: UInt64) {
        if let opening = exchange?.heldByRateUntil, opening <= now {
            exchange?.heldByRateUntil = nil
            goOnUnlessPaused()
        }
        if let due = timer, due <= now {
            timer = nil
            act(CCurl_socket_timeout, 0)
        }
        if let exchange, !exchange.isPaused, exchange.movedAt + stallNanoseconds <= now {
            abort(OriginError(.timedOut, "the origin has sent nothing for too long"))
        }
    }

    func socketReady(_ socket: CInt, events: Int16) {
        guard !isClosed, watched[socket] != nil else { return }
        var mask: CInt = 0
        if events & Int16(POLLIN | POLLHUP) != 0 { mask |= CURL_CSELECT_IN }
        if events & Int16(POLLOUT) != 0 { mask |= CURL_CSELECT_OUT }
        if events & Int16(POLLERR | POLLNVAL) != 0 { mask |= CURL_CSELECT_ERR }
        act(socket, mask)
    }

    // MARK: What libcurl calls

    func watch(_ socket: CInt, _ what: CInt) {
        switch what {
        case CURL_POLL_IN: watched[socket] = Int16(POLLIN)
        case CURL_POLL_OUT: watched[socket] = Int16(POLLOUT)
        case CURL_POLL_INOUT: watched[socket] = Int16(POLLIN | POLLOUT)
        default: watched[socket] = nil
        }
    }

    func timerSet(milliseconds: Int) {
        timer = milliseconds < 0 ? nil : CurlLoop.now + UInt64(milliseconds) * 1_000_000
    }

    func permitsConnecting(to address: [UInt8]) -> Bool {
        guard rule.permits(address) else {
            hasRefusedAddress = true
            return false
        }
        return true
    }

    func socketOpened() { sockets.opened() }
    func socketClosed() { sockets.closed() }

    /// False ends the transfer.
    func headLineArrived(_ line: String) -> Bool {
        guard var exchange else { return false }
        defer { self.exchange = exchange }
        exchange.movedAt = CurlLoop.now
        guard exchange.verdict == nil else { return true }  // trailers mean nothing here
        guard exchange.head.lineArrived(line) else {
            exchange.failure = OriginError(.transport, "the head of the origin's answer is too large")
            return false
        }
        if line.isEmpty, !(100..<200).contains(exchange.head.status) {
            exchange.verdict = ResponseVerdict(exchange.head, purpose: exchange.order.purpose)
        }
        return true
    }

    /// What to do with bytes of a body.
    func bytesArrived(_ bytes: RawSpan) -> BodyAnswer {
        guard var exchange else { return .endTransfer }
        defer { self.exchange = exchange }
        let now = CurlLoop.now
        guard case .deliver(let expected) = exchange.verdict else {
            exchange.drained += bytes.byteCount
            exchange.movedAt = now
            let length = exchange.head.contentLength ?? 0
            let isWorthwhile = length <= UInt64(Limits.drainedBytes) && exchange.drained <= Limits.drainedBytes
            return isWorthwhile ? .take : .endTransfer
        }
        guard exchange.received + UInt64(bytes.byteCount) <= expected else {
            exchange.failure = OriginError(.changed, "the origin sent more than it was asked for")
            return .endTransfer
        }
        if let opening = gate.opening(at: now) {
            exchange.heldByRateUntil = opening
            return .pause
        }
        guard exchange.order.pipe.offer(bytes) else {
            exchange.isHeldByConsumer = true
            return .pause
        }
        gate.bytesTaken(bytes.byteCount, at: now)
        exchange.received += UInt64(bytes.byteCount)
        exchange.movedAt = now
        return .take
    }

    // MARK: Inner workings

    private func act(_ socket: CInt, _ events: CInt) {
        var running: CInt = 0
        _ = unsafe curl_multi_socket_action(multi, socket, events, &running)
        collectEnds()
    }

    private func collectEnds() {
        var left: CInt = 0
        while let message = unsafe curl_multi_info_read(multi, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE else { continue }
            let code = unsafe CCurl_result(message)
            _ = unsafe curl_multi_remove_handle(multi, easy)
            hopEnded(code)
        }
    }

    private func goOnUnlessPaused() {
        guard let exchange, !exchange.isPaused else { return }
        self.exchange?.movedAt = CurlLoop.now
        _ = unsafe curl_easy_pause(easy, CURLPAUSE_CONT)
        act(CCurl_socket_timeout, 0)
    }

    private func abort(_ error: OriginError) {
        guard exchange != nil else { return }
        _ = unsafe curl_multi_remove_handle(multi, easy)
        finish(error)
    }

    private func beginHop() {
        guard let exchange else { return }
        hasRefusedAddress = false
        unsafe curl_slist_free_all(fields)
        unsafe fields = CurlOptions.applyRequest(
            url: exchange.url.text,
            purpose: exchange.order.purpose,
            authorization: policy.authorization,
            easy: unsafe easy
        )
        guard unsafe curl_multi_add_handle(multi, easy) == CURLM_OK else {
            finish(OriginError(.transport, "libcurl does not take the request"))
            return
        }
    }

    private func hopEnded(_ code: CURLcode) {
        guard let exchange else { return }
        if let failure = exchange.failure { return finish(failure) }
        switch exchange.verdict {
        case .fail(let error): finish(error)
        case .told:
            exchange.order.pipe.told(OriginProbeAnswer(head: exchange.head, finalURL: exchange.url.text))
            finish(nil)
        case .redirect(let location): redirected(to: location)
        case .deliver(let expected) where code == CURLE_OK:
            let isWhole = exchange.received == expected
            finish(isWhole ? nil : OriginError(.transport, "the origin's answer ended early"))
        case .deliver, nil: finish(CurlOptions.error(code, hasRefusedAddress: hasRefusedAddress))
        }
    }

    private func redirected(to location: String) {
        guard var exchange else { return }
        exchange.hops += 1
        guard exchange.hops <= Limits.redirects else {
            return finish(OriginError(.tooManyRedirects, "the origin redirects more than \(Limits.redirects) times"))
        }
        guard let url = exchange.url.resolving(location), policy.permits(url, from: exchange.first) else {
            return finish(OriginError(.refusedAddress, "the origin redirects to where it must not lead"))
        }
        exchange.hopBegan(to: url, at: CurlLoop.now)
        self.exchange = exchange
        beginHop()
    }

    private func finish(_ error: OriginError?) {
        guard let ended = exchange else { return }
        exchange = nil
        ended.order.pipe.finish(error)
        if let error { logger.debug("a fetch from an origin failed", metadata: ["code": "\(error.code)"]) }
        while exchange == nil, !waiting.isEmpty { ordered(waiting.removeFirst()) }
    }
}
