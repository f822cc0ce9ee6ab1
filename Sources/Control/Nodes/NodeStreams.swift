internal import HTTP
internal import Logging
internal import NIOCore
internal import RPC
internal import SluiceAPI
internal import Units

/// Holds the streams of relays and agents: the server of `NodeStreamService`.
///
/// A task keeps the room of its deepest call until it ends, and the task of a stream lives for days: so it only waits for
/// bytes, and what they say is dealt with in short tasks.
struct NodeStreams: NodeStreamServiceServer {
    let fleet: Fleet
    let leases: LeaseDesk
    /// Of nodes that cannot hold a stream.
    let polls: NodePolls
    /// How long a node may take for its hello.
    let helloDeadline: Duration
    let logger: Logger

    typealias Work = @Sendable () async throws -> Void

    func connect(
        requests: RPCReader<ConnectRequest>,
        responses: RPCWriter<ConnectResponse>,
        context: RPCServerContext
    ) async throws {
        let (source, sink) = try Self.ends(requests, responses)
        let first = try await hello(source, sink)
        let (address, authority) = (context.remoteAddress, context.peer?.authority)
        let stream = try await Task { try await open(Self.hello(in: first), address, authority, sink) }.value
        var failure: (any Error)?
        do {
            while let bytes = try await source.nextEncoded() {
                if let work = try received(Self.decoded(bytes).message, on: stream) {
                    try await Task(operation: work).value
                }
            }
        } catch {
            failure = error
        }
        let reason = failure
        await Task { await ended(stream, reason) }.value
        // Its node is told what it did wrong.
        if let failure { throw failure }
    }

    @inline(never) private static func ends(
        _ requests: RPCReader<ConnectRequest>,
        _ responses: RPCWriter<ConnectResponse>
    ) throws -> (any RPCEncodedSource, any RPCPushSink) {
        guard let source = requests.encodedSource, let sink = responses.pushSink else {
            throw UserError(.failedPrecondition, "a node's stream needs gRPC over HTTP/2")
        }
        return (source, sink)
    }

    /// The first message; nil where the stream ends without one. One that does not come in time ends the stream.
    @inline(never) private func hello(
        _ source: any RPCEncodedSource,
        _ sink: any RPCPushSink
    ) async throws -> ByteBuffer? {
        let timer = Task {
            do { try await Task.sleep(for: helloDeadline) } catch { return false }
            sink.endRequests()
            return true
        }
        defer { timer.cancel() }
        if let first = try await source.nextEncoded() { return first }
        timer.cancel()
        if await timer.value { throw UserError(.deadlineExceeded, "no hello came in \(helloDeadline)") }
        return nil
    }

    private static func hello(in first: ByteBuffer?) throws -> Hello {
        guard let first, case .hello(let hello)? = try decoded(first).message else {
            throw UserError(.failedPrecondition, "a node stream begins with a hello that names the node")
        }
        return hello
    }

    /// `authority` is that of the certificate which the node shows.
    func open(
        _ hello: Hello,
        _ address: SocketAddress?,
        _ authority: [UInt8]?,
        _ sink: any RPCPushSink
    ) async throws -> NodeStream {
        guard let id = NodeID(hello.node?.name ?? "") else {
            throw UserError(.failedPrecondition, "a hello names the node")
        }
        let role = hello.node?.role ?? .unspecified
        try AccessPrincipal.requireNode(id, role)
        let outbox = try await fleet.connected(hello, from: address, showing: authority, through: sink)
        logger.info("\(role == .relay ? "relay" : "agent") \(id) connected")
        await leases.connected(id, outbox)
        return NodeStream(node: id, role: role, outbox: outbox)
    }

    func ended(_ stream: NodeStream, _ failure: (any Error)?) async {
        if let failure {
            logger.debug("node stream ended", metadata: ["node": "\(stream.node)", "error": "\(failure)"])
        }
        await leases.disconnected(stream.node, session: stream.outbox.session)
        await fleet.disconnected(stream.node, session: stream.outbox.session)
        logger.info("\(stream.node) disconnected")
    }

    /// Takes an acknowledgement at once; what else there is to do comes back.
    @inline(never) func received(_ message: ConnectRequest.Message?, on stream: NodeStream) throws -> Work? {
        let node = stream.node
        switch message {
        case nil: return nil
        case .hello: throw UserError(.failedPrecondition, "a second hello on one stream")
        case .ack(let ack):
            if stream.outbox.acknowledged(ack) { fleet.gather(ack, by: node) }
            return nil
        case .status(let status): return { try await fleet.statusArrived(status, from: node) }
        case .leaseHeartbeat(let heartbeat):
            return {
                var weighed = heartbeat
                weighed.weight = min(heartbeat.weight, await fleet.highestWeight(of: node, at: heartbeat.origin))
                await leases.heartbeatArrived(weighed, from: node)
            }
        case .hashBatches(let batches):
            try Self.requireRelay(stream)
            return { try await fleet.batchesArrived(batches, from: node) }
        case .pieceRelease(let release):
            try Self.requireRelay(stream)
            return { try await fleet.released(release, by: node) }
        case .originUsage(let usage): return { try await leases.usageArrived(usage, from: node) }
        }
    }

    private static func requireRelay(_ stream: NodeStream) throws(UserError) {
        guard stream.role == .relay else {
            throw UserError(
                .permissionDenied,
                "\(stream.node) is no relay: it has no hashes to tell, nor pieces to leave"
            )
        }
    }

    private static func decoded(_ bytes: ByteBuffer) throws -> ConnectRequest {
        do throws(ProtobufError) {
            return try ConnectRequest(protobuf: bytes)
        } catch {
            throw RPCError(.internal, "cannot decode \(ConnectRequest.fullName): \(error)")
        }
    }
}
