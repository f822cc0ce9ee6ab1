internal import HTTP
internal import Logging
internal import NIOCore
internal import Synchronization

/// The shell of one `ServerCallState`: performs its actions on the wire that the call came by, in order.
final class ServerCall: RPCMessageSource, RPCMessageSink {
    private let wire: any CallWire
    private let codec: MessageCodec
    private let state: Mutex<ServerCallState>
    private let turns = WriteTurns()
    /// Held while messages are pushed, so that they leave in order and before the end, and while the end is decided.
    fileprivate let pushing = Mutex(())
    private let interceptor: RPCInterceptor?
    private let logger: Logger
    let context: RPCServerContext

    init(
        wire: any CallWire,
        codec: MessageCodec = .protobuf,
        head: RPCRequestHead,
        kind: RPCKind,
        limits: RPCLimits,
        interceptor: RPCInterceptor?,
        logger: Logger
    ) {
        self.wire = wire
        self.codec = codec
        self.state = Mutex(ServerCallState(head: head, kind: kind, limits: limits))
        self.interceptor = interceptor
        self.logger = logger
        self.context = RPCServerContext(
            path: head.path,
            metadata: head.metadata,
            deadline: head.timeout.map { ContinuousClock.now + $0 },
            remoteAddress: wire.request.remoteAddress,
            peer: wire.request.peer
        )
    }

    /// Runs the handler to its end, or until the deadline cancels it. The caller's reset cancels the task around this.
    func serve(_ handler: RPCHandler) async {
        context.settings.update { settings in
            settings.releaseHead = { [weak self] in try await self?.releaseHead() }
        }
        guard let deadline = context.deadline else { return await run(handler) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.run(handler) }
            group.addTask {
                do {
                    try await Task.sleep(until: deadline, clock: .continuous)
                } catch {
                    return  // the handler ended first, or the caller went away
                }
                await self.expire()
            }
            await group.next()
            group.cancelAll()
        }
    }

    // MARK: Messages

    func next<Message: RPCMessage>(_ type: Message.Type) async throws(RPCError) -> Message? {
        guard let bytes = try await nextMessage() else { return nil }
        return try codec.decode(bytes)
    }

    func send<Message: RPCMessage>(_ message: Message, compressed: Bool?) async throws(RPCError) {
        let bytes = codec.encode(message)
        await turns.take()
        defer { turns.give() }
        let settings = context.settings.values
        let actions = try state.withLock { state throws(RPCError) in
            state.initialMetadataSet(settings.initialMetadata)
            state.compressionSet(settings.compresses)
            return try state.messageSent(bytes, compressed: compressed)
        }
        try await perform(actions)
    }

    func finish() async throws(RPCError) {}

    // MARK: Private

    /// Only nodes' streams are pushed to, and those come as gRPC itself: the wire is the request.
    fileprivate func pushNow(
        _ message: ByteBuffer,
        limit: Int,
        whenRoom: @escaping @Sendable () -> Void
    ) throws(RPCError) -> Bool {
        do throws(HTTPError) {
            guard try wire.request.hasRoom(below: limit, whenRoom: whenRoom) else { return false }
        } catch {
            throw RPCError(.cancelled, "the caller went away")
        }
        let actions = try state.withLock { state throws(RPCError) in
            try state.messageSent(message, compressed: false)
        }
        do throws(HTTPError) {
            for action in actions {
                switch action {
                case .head(let head, _): try wire.request.begin(head)
                case .bytes(let bytes): try wire.request.enqueue(bytes)
                case .trailers, .reset, .cancelHandler: preconditionFailure("a message does not end a call")
                }
            }
        } catch {
            throw RPCError(.cancelled, "the caller went away")
        }
        return true
    }

    fileprivate func endBody() { wire.request.endBody() }

    fileprivate func breakOff() { wire.request.reset(.enhanceYourCalm) }

    private func run(_ handler: RPCHandler) async {
        var status = RPCStatus.ok
        var trailers = RPCMetadata()
        do {
            if let interceptor {
                try await interceptor(context) { try await handler.run(self, self, self.context) }
            } else {
                try await handler.run(self, self, context)
            }
        } catch {
            let told = RPCError(thrown: error)
            if told.code == .unknown {
                logger.error("a method failed", metadata: ["rpc": "\(context.path)", "error": "\(error)"])
            }
            status = told.status
            trailers = told.metadata
        }
        let settings = context.settings.values
        await turns.take()
        defer { turns.give() }
        let actions = pushing.withLock { _ in
            state.withLock { state in
                state.initialMetadataSet(settings.initialMetadata)
                var all = settings.trailers
                all.append(trailers)
                return state.handlerEnded(status, trailers: all)
            }
        }
        await performLast(actions)
    }

    /// With the turn, so that nothing is written between the decision and the trailers; who has it meanwhile may wait for
    /// flow control, and is broken off.
    private func expire() async {
        let hasTurn = turns.takeIfFree()
        defer { if hasTurn { turns.give() } }
        let actions = pushing.withLock { _ in state.withLock { $0.deadlineExpired(isWriting: !hasTurn) } }
        await performLast(actions)
    }

    private func releaseHead() async throws(RPCError) {
        let settings = context.settings.values
        await turns.take()
        defer { turns.give() }
        let actions = state.withLock { state in
            state.initialMetadataSet(settings.initialMetadata)
            state.compressionSet(settings.compresses)
            return state.headReleased()
        }
        try await perform(actions)
    }

    private func nextMessage() async throws(RPCError) -> ByteBuffer? {
        while true {
            let (step, wasCompressed) = state.withLock { ($0.messageWanted(), $0.lastRequestWasCompressed) }
            switch step {
            case .message(let message):
                context.settings.update { $0.lastRequestWasCompressed = wasCompressed }
                return message
            case .ended: return nil
            case .failed(let error): throw error
            case .needsBytes: try await receive()
            }
        }
    }

    private func receive() async throws(RPCError) {
        do throws(CallWireError) {
            let bytes = try await wire.receive()
            state.withLock { state in
                if let bytes { state.bytesArrived(bytes) } else { state.requestEnded() }
            }
        } catch {
            switch error {
            // The reader's task was cancelled, not the stream: whoever did that may still have a status to send.
            case .cancelled: throw RPCError(.cancelled, "the call was cancelled")
            case .refused(let error): throw error
            case .lost:
                _ = state.withLock { $0.streamLost() }
                throw RPCError(.cancelled, "the caller went away")
            }
        }
    }

    /// The end of the call: what cannot be sent any more has nobody left to be told, so it is only logged.
    private func performLast(_ actions: [ServerCallState.Action]) async {
        do throws(RPCError) {
            try await perform(actions)
        } catch {
            logger.debug(
                "a call ended before its status was sent",
                metadata: ["rpc": "\(context.path)", "reason": "\(error)"]
            )
        }
    }

    private func perform(_ actions: [ServerCallState.Action]) async throws(RPCError) {
        do throws(HTTPError) {
            for action in actions {
                switch action {
                case .head(let head, let endStream): try await wire.respond(head, endStream: endStream)
                case .bytes(let bytes): try await wire.write(bytes)
                case .trailers(let fields): try await wire.finish(trailers: fields)
                case .reset(let code): wire.reset(code)
                case .cancelHandler: break  // the task group around the handler does, as this returns
                }
            }
        } catch {
            guard error.kind != .cancelled else { throw RPCError(.cancelled, "the call was cancelled") }
            // Ours: what the caller waits for would never come.
            if error.kind == .misuse { wire.reset(.internalError) }
            _ = state.withLock { $0.streamLost() }
            throw RPCError(.cancelled, "the caller went away")
        }
    }
}

extension ServerCall: RPCEncodedSource {
    func nextEncoded() async throws(RPCError) -> ByteBuffer? { try await nextMessage() }
}

extension ServerCall: RPCPushSink {
    func push(_ message: ByteBuffer, limit: Int, whenRoom: @escaping @Sendable () -> Void) throws(RPCError) -> Bool {
        try pushing.withLock { _ throws(RPCError) in try pushNow(message, limit: limit, whenRoom: whenRoom) }
    }

    func endRequests() { endBody() }

    func abort() { breakOff() }
}
