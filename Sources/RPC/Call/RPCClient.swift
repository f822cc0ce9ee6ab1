package import HTTP
internal import Synchronization

/// Makes calls over one HTTP/2 connection. Reconnecting is the owner's, who knows when that is worth it; see
/// `ReconnectBackoff`.
package final class RPCClient: Sendable {
    private let http: HTTPClient
    private let scheme: String
    private let authority: String
    private let limits: RPCLimits
    private let metadata: RPCMetadata
    private let throttle = Mutex(RetryThrottle())

    /// A client on a connection that stands. `metadata` goes with every call, before the call's own.
    package init(
        http: HTTPClient,
        scheme: String,
        authority: String,
        limits: RPCLimits = RPCLimits(),
        metadata: RPCMetadata = RPCMetadata()
    ) {
        self.metadata = metadata
        self.http = http
        self.scheme = scheme
        self.authority = authority
        self.limits = limits
    }

    /// Starts a call; the other methods are made of this one.
    package func call<Request, Response>(
        _ method: RPCMethod<Request, Response>,
        options: RPCCallOptions = RPCCallOptions()
    ) async throws(RPCError) -> RPCClientCall<Request, Response> {
        RPCClientCall(try await start(path: method.path, kind: method.kind, options: options))
    }

    /// One message out, one back. Tried again where the options say so.
    package func unary<Request, Response>(
        _ method: RPCMethod<Request, Response>,
        _ request: Request,
        options: RPCCallOptions = RPCCallOptions()
    ) async throws(RPCError) -> Response {
        var plan = options.retry.map { RetryPlan($0, seed: UInt64.random(in: .min ... .max)) }
        let deadline = options.timeout.map { ContinuousClock.now + $0 }
        var options = options
        while true {
            let call = try await start(
                path: method.path,
                kind: method.kind,
                options: options,
                previousAttempts: plan?.failures ?? 0
            )
            do throws(RPCError) {
                try await sendOnly(request, on: call)
                guard let response = try await call.next(Response.self) else {
                    throw RPCError(.unimplemented, "no response message")
                }
                if plan != nil { throttle.withLock { $0.succeeded() } }
                return response
            } catch {
                guard http.isActive else { throw error }
                let (isCommitted, pushback) = call.retryFacts
                let wait = throttle.withLock { throttle in
                    plan?.attemptFailed(
                        error.code,
                        pushback: pushback,
                        isCommitted: isCommitted,
                        throttle: &throttle
                    )
                }
                guard let wait, deadline.map({ ContinuousClock.now + wait < $0 }) ?? true else { throw error }
                do { try await Task.sleep(for: wait) } catch { throw RPCError(.cancelled, "the call was cancelled") }
                options.timeout = deadline.map { $0 - ContinuousClock.now }
            }
        }
    }

    /// One message out, a stream back.
    package func serverStreaming<Request, Response>(
        _ method: RPCMethod<Request, Response>,
        _ request: Request,
        options: RPCCallOptions = RPCCallOptions()
    ) async throws(RPCError) -> RPCReader<Response> {
        let call = try await start(path: method.path, kind: method.kind, options: options)
        try await sendOnly(request, on: call)
        return RPCReader(call)
    }

    /// A stream out, one message back: the reader gives it after the writer is finished.
    package func clientStreaming<Request, Response>(
        _ method: RPCMethod<Request, Response>,
        options: RPCCallOptions = RPCCallOptions()
    ) async throws(RPCError) -> (RPCWriter<Request>, RPCReader<Response>) {
        let call = try await start(path: method.path, kind: method.kind, options: options)
        return (RPCWriter(call), RPCReader(call))
    }

    /// A stream out, a stream back.
    package func bidirectional<Request, Response>(
        _ method: RPCMethod<Request, Response>,
        options: RPCCallOptions = RPCCallOptions()
    ) async throws(RPCError) -> (RPCWriter<Request>, RPCReader<Response>) {
        let call = try await start(path: method.path, kind: method.kind, options: options)
        return (RPCWriter(call), RPCReader(call))
    }

    /// Ends the connection; calls that are open fail with `unavailable`.
    package func close() async {
        await http.close()
    }

    // MARK: Private

    private func start(
        path: String,
        kind: RPCKind,
        options: RPCCallOptions,
        previousAttempts: Int = 0
    ) async throws(RPCError) -> ClientCall {
        let timeout = options.timeout.flatMap { $0 <= limits.longestTimeout ? $0 : nil }
        let deadline = timeout.map { ContinuousClock.now + $0 }
        let state = ClientCallState(kind: kind, compresses: options.compresses, limits: limits)
        var options = options
        if !metadata.isEmpty {
            var all = metadata
            all.append(options.metadata)
            options.metadata = all
        }
        var head = HTTPRequestHead.callHead(path: path, scheme: scheme, authority: authority, options: options)
        if previousAttempts > 0 { head.fields.append("grpc-previous-rpc-attempts", "\(previousAttempts)") }
        do throws(HTTPError) {
            let stream = try await http.request(head, endStream: false)
            return ClientCall(stream: stream, state: state, deadline: deadline)
        } catch {
            var failed = state
            failed.streamLost(ClientCallState.Loss(error), isPastDeadline: false)
            throw failed.error ?? RPCError(.unavailable, "no connection")
        }
    }

    /// Sends the one request of a call. The server may have ended the call without reading it: its status tells more
    /// than the broken write, and the reader finds it.
    private func sendOnly<Request: RPCMessage>(_ request: Request, on call: ClientCall) async throws(RPCError) {
        do throws(RPCError) {
            try await call.send(request, compressed: nil)
            try await call.finish()
        } catch {
            guard error.code == .unavailable else { throw error }
        }
    }
}
