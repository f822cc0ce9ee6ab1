internal import Logging
internal import Manifest
internal import ServiceLifecycle
internal import SluiceAPI
internal import Units

/// Keeps a node's stream to control, and hands what comes down to whom it is for.
struct NodeLoop: Sendable {
    let runtime: NodeRuntime
    let role: NodeRole

    /// Runs until graceful shutdown or cancellation.
    func run(
        changed: @escaping @Sendable (TaskFeed.Change) async -> Void,
        welcomed: @escaping @Sendable (VerifyingKey) async -> Void
    ) async {
        let feed = TaskFeed(link: runtime.link)
        let runtime = runtime
        let role = role
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await runtime.origins.run() }
                group.addTask {
                    await runtime.link.run {
                        runtime.hello(role: role, tasks: feed.acks) + runtime.statuses.unacknowledged()
                    } receive: { message in
                        await Self.receive(message, runtime, role, feed, changed, welcomed)
                    }
                }
            }
        }
    }

    private static func receive(
        _ message: ConnectResponse.Message,
        _ runtime: NodeRuntime,
        _ role: NodeRole,
        _ feed: TaskFeed,
        _ changed: @Sendable (TaskFeed.Change) async -> Void,
        _ welcomed: @Sendable (VerifyingKey) async -> Void
    ) async {
        switch message {
        case .welcome(let welcome):
            if let key = VerifyingKey(bytes: welcome.controlPublicKey) { await welcomed(key) }
            runtime.origins.streamOpened(heartbeatInterval: welcome.heartbeatInterval?.duration ?? .seconds(10))
            runtime.logger.info("\(role == .relay ? "relay" : "agent") \(runtime.identity.name) connected")
            runtime.configuration.whenConnected()
        case .task(let task):
            if let change = feed.arrived(task) { await changed(change) }
        case .leaseGrant(let grant): runtime.origins.grantArrived(grant)
        case .statusAck(let ack): runtime.statuses.acknowledged(ack)
        case .usageAck(let ack): runtime.origins.usageStored(ack)
        case .drain: break
        }
    }
}
