internal import HTTP
internal import Logging
internal import RPC
internal import SluiceAPI
internal import Synchronization
internal import Units

/// The one stream between this node and control: kept up with back-off, messages in both directions.
final class ControlLink: Sendable {
    /// Messages that wait to be sent at most; beyond it the oldest gives way, for every one of them is repeated by
    /// whoever owns its state (status, acks, heartbeats).
    static let maximumQueued = 4096

    private struct State {
        var outgoing: AsyncStream<ConnectRequest>.Continuation?
        var backoff: ReconnectBackoff
        var drainDelay: Duration?
    }

    let endpoint: ControlEndpoint
    private let logger: Logger
    private let state: Mutex<State>

    init(endpoint: ControlEndpoint, seed: UInt64, logger: Logger) {
        self.endpoint = endpoint
        self.logger = logger
        self.state = Mutex(
            State(
                outgoing: nil,
                backoff: .fleet(seed: seed)
            )
        )
    }

    /// Sends a message on the stream of the moment; without one it is dropped, and its owner repeats it on reconnect.
    func send(_ message: ConnectRequest.Message) {
        var request = ConnectRequest()
        request.message = message
        state.withLock { _ = $0.outgoing?.yield(request) }
    }

    /// Ends the stream of the moment, so that the next one shows a new certificate.
    func reconnect() { state.withLock { $0.outgoing?.finish() } }

    /// Holds the stream until the task is cancelled. `hello` is asked for on every connection.
    func run(
        hello: @Sendable () async -> [ConnectRequest.Message],
        receive: @escaping @Sendable (ConnectResponse.Message) async -> Void
    ) async {
        while !Task.isCancelled {
            do {
                try await holdStream(hello: hello, receive: receive)
                logger.info("control closed the stream")
            } catch {
                logger.info("no stream to control", metadata: ["error": "\(error)"])
            }
            let delay = state.withLock { state -> Duration in
                defer { state.drainDelay = nil }
                return state.drainDelay ?? state.backoff.attemptFailed()
            }
            try? await Task.sleep(for: delay)
        }
    }

    private func holdStream(
        hello: @Sendable () async -> [ConnectRequest.Message],
        receive: @escaping @Sendable (ConnectResponse.Message) async -> Void
    ) async throws {
        let (http, client) = try await endpoint.connect()
        defer { Task { await http.close() } }
        let (writer, reader) = try await NodeStreamServiceClient(client).connect()
        let (outgoing, continuation) = AsyncStream.makeStream(
            of: ConnectRequest.self,
            bufferingPolicy: .bufferingNewest(Self.maximumQueued)
        )
        for message in await hello() {
            var request = ConnectRequest()
            request.message = message
            try await writer.write(request)
        }
        state.withLock { $0.outgoing = continuation }
        defer { state.withLock { $0.outgoing = nil } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await request in outgoing { try await writer.write(request) }
            }
            group.addTask { [self] in
                for try await response in reader {
                    guard let message = response.message else { continue }
                    note(message)
                    await receive(message)
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// A welcome proves that control works; a drain says when to come back.
    private func note(_ message: ConnectResponse.Message) {
        state.withLock { state in
            switch message {
            case .welcome: state.backoff.connected()
            case .drain(let drain): state.drainDelay = drain.reconnectAfter?.duration ?? .seconds(1)
            default: break
            }
        }
    }
}
