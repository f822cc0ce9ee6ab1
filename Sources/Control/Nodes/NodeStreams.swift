internal import Logging
internal import RPC
internal import SluiceAPI
internal import Units

/// Holds the streams of relays and agents: the server of `NodeStreamService`.
struct NodeStreams: NodeStreamServiceServer {
    /// How long a node may take for its hello.
    static let helloDeadline = Duration.seconds(10)

    let fleet: Fleet
    let leases: LeaseDesk
    let logger: Logger

    func connect(
        requests: RPCReader<ConnectRequest>,
        responses: RPCWriter<ConnectResponse>,
        context: RPCServerContext
    ) async throws {
        guard case .hello(let hello)? = try await requests.next()?.message, let id = NodeID(hello.node?.name ?? "")
        else {
            throw UserError(.failedPrecondition, "a node stream begins with a hello that names the node")
        }
        try AccessPrincipal.requireNode(id, hello.node?.role ?? .unspecified)
        guard let sink = responses.pushSink else {
            throw UserError(.failedPrecondition, "a node's stream needs gRPC over HTTP/2")
        }
        let outbox = try await fleet.connected(hello, from: context.remoteAddress, through: sink)
        logger.info("\(hello.node?.role == .relay ? "relay" : "agent") \(id) connected")
        await leases.connected(id, outbox)
        do {
            while let request = try await requests.next() {
                if let message = request.message { try await take(message, from: id) }
            }
        } catch {
            logger.debug("node stream ended", metadata: ["node": "\(id)", "error": "\(error)"])
        }
        await leases.disconnected(id, session: outbox.session)
        await fleet.disconnected(id, session: outbox.session)
        logger.info("\(id) disconnected")
    }

    private func take(_ message: ConnectRequest.Message, from node: NodeID) async throws {
        switch message {
        case .hello: throw UserError(.failedPrecondition, "a second hello on one stream")
        case .status(let status): try await fleet.statusArrived(status, from: node)
        case .ack(let ack): fleet.gather(ack, by: node)
        case .leaseHeartbeat(let heartbeat): await leases.heartbeatArrived(heartbeat, from: node)
        case .hashBatches(let batches): try await fleet.batchesArrived(batches, from: node)
        case .pieceRelease(let release): try await fleet.released(release, by: node)
        case .originUsage(let usage): try await leases.usageArrived(usage, from: node)
        }
    }
}
