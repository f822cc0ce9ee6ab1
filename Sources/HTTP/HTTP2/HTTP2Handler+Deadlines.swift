internal import NIOCore
internal import Transport

/// What a server does when a client is slow, or a connection old. Clients have deadlines of their own.
extension HTTP2Handler {
    /// A client waits this long for the answer to the PING behind its notice; a dead peer never answers.
    private static let noticeDeadline = TimeAmount.seconds(10)

    func armAtStart() {
        guard session.isServer else { return }
        deadlines.preface = after(TimeAmount(session.limits.prefaceDeadline)) { handler in
            guard !handler.session.hasPeerSettings else { return }
            handler.fail(HTTPError(.timedOut, "no SETTINGS in time"))
        }
        if let age = session.limits.maximumConnectionAge {
            // Jitter, so that a fleet that connected at once does not come back at once.
            let spread = Double.random(in: 0.9...1.1)
            deadlines.age = after(.nanoseconds(Int64(Double(TimeAmount(age).nanoseconds) * spread))) { handler in
                handler.drain("max_age")
            }
        }
        if let idle = session.limits.maximumConnectionIdle { armIdle(TimeAmount(idle)) }
        if let silence = session.limits.keepaliveInterval { armKeepalive(TimeAmount(silence)) }
    }

    /// A connection without a stream is drained after a time (gRPC's MAX_CONNECTION_IDLE).
    private func armIdle(_ limit: TimeAmount) {
        let left = deadlines.idleSince + limit - NIODeadline.now()
        deadlines.idle = after(streamCount == 0 ? max(.nanoseconds(1), left) : limit) { handler in
            guard handler.streamCount == 0, NIODeadline.now() - handler.deadlines.idleSince >= limit else {
                return handler.armIdle(limit)
            }
            handler.drain("max_idle")
        }
    }

    /// Finds out a client that is gone without a word: after a silence it has to answer a PING (gRPC's A8).
    private func armKeepalive(_ silence: TimeAmount) {
        let left = deadlines.lastRead + silence - NIODeadline.now()
        deadlines.keepalive = after(max(.nanoseconds(1), left)) { handler in
            let now = NIODeadline.now()
            guard now - handler.deadlines.lastRead >= silence else { return handler.armKeepalive(silence) }
            handler.session.ping()
            handler.schedulePump()
            handler.awaitKeepalive(silence, since: now)
        }
    }

    private func awaitKeepalive(_ silence: TimeAmount, since asked: NIODeadline) {
        deadlines.keepalive = after(TimeAmount(session.limits.keepaliveTimeout)) { handler in
            guard handler.deadlines.lastRead < asked else { return handler.armKeepalive(silence) }
            handler.fail(HTTPError(.timedOut, "the client answers no PING"))
        }
    }

    /// Everything of one read has been parsed.
    func readEnded() {
        if let preface = deadlines.preface, session.hasPeerSettings {
            preface.cancel()
            deadlines.preface = nil
            context?.channel.hasShownWhatItWants()
        }
        if case .noticed(let reason) = deadlines.drain, session.hasNoticeAnswer { tellLastStream(reason) }
    }

    /// Ends the connection without losing a call: the client is told to open no more streams, then which of them were
    /// taken; those may go on for the grace.
    func drain(_ reason: String) {
        guard case .none = deadlines.drain else { return }
        deadlines.drain = .noticed(reason: reason)
        deadlines.age?.cancel()
        session.announceShutdown()
        schedulePump()
        deadlines.age = after(Self.noticeDeadline) { $0.tellLastStream(reason) }
    }

    private func tellLastStream(_ reason: String) {
        guard case .noticed = deadlines.drain else { return }
        deadlines.drain = .lastStreamTold
        deadlines.age?.cancel()
        session.goAway(.noError, reason)
        schedulePump()
        deadlines.age = after(TimeAmount(session.limits.connectionAgeGrace)) { handler in
            handler.fail(HTTPError(.timedOut, "calls went on beyond the grace of an old connection"))
        }
    }

    /// Watches for a peer that takes nothing, while there is something to take.
    func armStall() {
        guard session.isServer, isActive, deadlines.stall == nil, session.hasWaitingOutput else { return }
        let deadline = TimeAmount(session.limits.stallDeadline)
        deadlines.stall = after(.nanoseconds(max(1, deadline.nanoseconds / 4))) { handler in
            handler.deadlines.stall = nil
            handler.endStalled(deadline)
            handler.armStall()
        }
    }

    /// Stalled streams are reset; where no stream moves at all, the connection is ended.
    private func endStalled(_ deadline: TimeAmount) {
        let limit = NIODeadline.now() - deadline
        let stalled = session.streamsStalled(since: limit)
        guard !stalled.isEmpty else { return }
        if session.lastProgress <= limit {
            session.end(.enhanceYourCalm, "the peer does not read")
            return fail(HTTPError(.timedOut, "the peer does not read"))
        }
        for stream in stalled { session.reset(stream, .cancel) }
        schedulePump()
    }

    /// Waits for a peer that still takes what is queued behind the end, as long as it takes some of it.
    func armClosing() {
        let waiting = waitingBytes
        deadlines.closing = after(TimeAmount(session.limits.stallDeadline)) { handler in
            if handler.waitingBytes < waiting {
                handler.armClosing()
            } else {
                handler.context?.close(promise: nil)
            }
        }
    }

    private var waitingBytes: Int {
        (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    private var isActive: Bool { context?.channel.isActive == true }

    private func after(_ delay: TimeAmount, _ body: @escaping @Sendable (HTTP2Handler) -> Void) -> Scheduled<Void> {
        // The handler does not leave its loop: the closure runs on it.
        let bound = NIOLoopBound(self, eventLoop: loop)
        return loop.scheduleTask(in: delay) {
            // What a connection that has ended still holds is nobody's to act on.
            if bound.value.isActive { body(bound.value) }
        }
    }
}
