internal import HTTP
internal import RPC
internal import SluiceAPI
internal import Transport
internal import Units

/// The same messages in polls.
extension NodeStreams {
    func poll(_ request: PollRequest, context: RPCServerContext) async throws -> PollResponse {
        guard request.messages.count <= NodePolls.maximumMessages else {
            throw UserError(.invalidArgument, "a poll holds at most \(NodePolls.maximumMessages) messages")
        }
        let session = try await session(for: request, context)
        session.pollBegan()
        defer { session.pollEnded(at: BootClock.now()) }
        do {
            // A task of its own: what was begun is done, although the caller may go away.
            for message in request.messages.dropFirst(request.session == 0 ? 1 : 0) {
                if let work = try received(message.message, on: session.stream) {
                    try await Task(operation: work).value
                }
            }
            let response = try await answer(to: request, in: session)
            if session.sink.isOver { await end(session, nil) }
            return response
        } catch {
            // As a stream does: the node begins with a hello again.
            await end(session, error)
            throw error
        }
    }

    private func session(for request: PollRequest, _ context: RPCServerContext) async throws -> NodePollSession {
        if request.session == 0 {
            guard case .hello(let hello)? = request.messages.first?.message else {
                throw UserError(.failedPrecondition, "a session of polls begins with a hello that names the node")
            }
            let sink = PollSink()
            let stream = try await open(hello, context.remoteAddress, context.peer?.authority, sink)
            return polls.began(stream, sink, at: BootClock.now())
        }
        guard let session = polls.session(request.session) else {
            throw UserError(.notFound, "this session of polls has ended", hint: "Begin with a hello.")
        }
        try AccessPrincipal.requireNode(session.stream.node, session.stream.role)
        return session
    }

    private func answer(to request: PollRequest, in session: NodePollSession) async throws -> PollResponse {
        var response = PollResponse()
        response.session = session.number
        response.number = request.received
        guard let wait = request.wait?.duration else { return response }
        let allowed = min(max(wait, .zero), NodePolls.maximumWait)
        let answer = try await session.sink.answer(to: request.received, within: allowed)
        response.number = answer.number
        response.messages = try answer.messages.map { bytes in
            do throws(ProtobufError) {
                return try ConnectResponse(protobuf: bytes)
            } catch {
                throw RPCError(.internal, "a message to a node cannot be read back: \(error)")
            }
        }
        // What could not be held asks again after a while; what was is to ask at once.
        if allowed == .zero, response.messages.isEmpty { response.nextPoll = ProtoDuration(polls.interval) }
        return response
    }

    private func end(_ session: NodePollSession, _ failure: (any Error)?) async {
        guard polls.remove(session) else { return }
        session.sink.abort()
        await ended(session.stream, failure)
    }

    /// Ends the sessions of nodes that poll no more, until the task is cancelled.
    func watchPolls() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: NodePolls.sweepInterval)
            for session in polls.ended(at: BootClock.now()) { await end(session, nil) }
        }
    }
}
