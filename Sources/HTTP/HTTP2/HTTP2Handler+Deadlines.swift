internal import NIOCore

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
    }

    /// Everything of one read has been parsed.
    func readEnded() {
        if let preface = deadlines.preface, session.hasPeerSettings {
            preface.cancel()
            deadlines.preface = nil
        }
        if case .noticed(let reason) = deadlines.drain, session.hasPingAnswer { tellLastStream(reason) }
    }

    /// Ends the connection without losing a call: the client is told to open no more streams, then which of them were
    /// taken; those may go on for the grace.
    func drain(_ reason: String) {
        guard case .none = deadlines.drain else { return }
        deadlines.drain = .noticed(reason: reason)
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
        guard session.isServer, deadlines.stall == nil, session.hasWaitingOutput else { return }
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

    private func after(_ delay: TimeAmount, _ body: @escaping @Sendable (HTTP2Handler) -> Void) -> Scheduled<Void> {
        // The handler does not leave its loop: the closure runs on it.
        let bound = NIOLoopBound(self, eventLoop: loop)
        return loop.scheduleTask(in: delay) { body(bound.value) }
    }
}
