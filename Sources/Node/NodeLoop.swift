internal import Logging
internal import Manifest
internal import ServiceLifecycle
internal import SluiceAPI
internal import Transport
internal import Units

/// Keeps a node's stream to control, and hands what comes down to whom it is for.
struct NodeLoop: Sendable {
    let runtime: NodeRuntime
    let role: NodeRole

    let work: any NodeWork

    /// Runs until graceful shutdown or cancellation.
    func run() async {
        ProcessMemory.returnLargePieces()
        let feed = TaskFeed(link: runtime.link)
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await runtime.origins.run() }
                if let credentials = runtime.link.endpoint.credentials {
                    group.addTask {
                        await runtime.enrollment(role).keepFresh(credentials) { runtime.link.reconnect() }
                    }
                }
                group.addTask {
                    await runtime.link.run {
                        runtime.hello(role: role, tasks: feed.acks) + runtime.statuses.unacknowledged()
                    } receive: { message in
                        await receive(message, feed)
                    }
                }
            }
        }
    }

    private func receive(_ message: ConnectResponse.Message, _ feed: TaskFeed) async {
        switch message {
        case .welcome(let welcome):
            if let key = VerifyingKey(bytes: welcome.controlPublicKey) { await work.controlKnown(key) }
            runtime.origins.streamOpened(
                heartbeatInterval: welcome.heartbeatInterval?.duration ?? .seconds(10),
                granter: welcome.leaseEpoch == 0 ? nil : Epoch(rawValue: welcome.leaseEpoch)
            )
            runtime.logger.info("\(role == .relay ? "relay" : "agent") \(runtime.identity.name) connected")
            runtime.configuration.whenConnected()
            // What follows is mostly waiting, on a machine that has other work.
            if role == .agent { ProcessMemory.release() }
        case .task(let task):
            if let change = feed.arrived(task) { await work.apply(change) }
        case .pieceRelease(let wanted): await work.released(wanted)
        case .leaseGrant(let grant): runtime.origins.grantArrived(grant)
        case .statusAck(let ack): runtime.statuses.acknowledged(ack)
        case .usageAck(let ack): runtime.origins.usageStored(ack)
        case .drain: break
        }
    }
}
