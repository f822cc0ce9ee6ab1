internal import NIOCore
internal import Synchronization

/// The counts of one listener, whose connections are on several loops.
final class HalfOpenGate: Sendable {
    private let counts: Mutex<HalfOpenCounts>
    private let whenRefused: (@Sendable (String) -> Void)?

    init(_ configuration: ListenerConfiguration) {
        counts = Mutex(HalfOpenCounts(maximumPerAddress: configuration.handshakes.halfOpenPerAddress))
        whenRefused = configuration.whenRefused
    }

    /// Connections that were refused since the start.
    var refused: UInt64 { counts.withLock(\.refused) }

    /// Counts a connection until it has shown what it wants; throws where its address has too many that have not.
    func admit(_ channel: any Channel) throws {
        guard let address = channel.remoteAddress?.addressBytes else { return }
        let key = HalfOpenCounts.key(of: address)
        if let count = counts.withLock({ $0.connectionCame(key) ? nil : $0.refused }) {
            // Told ever more rarely: who attacks does not fill the log too.
            if count.nonzeroBitCount == 1 {
                let name = channel.remoteAddress?.ipAddress ?? "?"
                whenRefused?("\(name) has too many connections that say nothing; refused since the start: \(count)")
            }
            throw TransportError(.refused, "too many connections of one address that say nothing")
        }
        try channel.pipeline.syncOperations.addHandler(
            HalfOpenHandler { [self] in
                counts.withLock { $0.connectionDone(key) }
            }
        )
    }
}

/// Sits on a connection for as long as it is half open.
final class HalfOpenHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let done: () -> Void

    init(done: @escaping () -> Void) { self.done = done }

    func handlerRemoved(context: ChannelHandlerContext) { done() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is ConnectionShown else { return context.fireUserInboundEventTriggered(event) }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}

/// A connection has shown what it wants: a first request, a preface, a peer's handshake.
struct ConnectionShown {}

extension Channel {
    /// Says that this connection is no longer half open. On its event loop; saying it again does nothing.
    package func hasShownWhatItWants() { pipeline.fireUserInboundEventTriggered(ConnectionShown()) }
}
