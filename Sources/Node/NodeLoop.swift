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
        let wish = RenewalWish()
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await runtime.origins.run() }
                if let credentials = runtime.link.endpoint.credentials {
                    group.addTask {
                        await runtime.enrollment(role).keepFresh(credentials, wish: wish) {
                            runtime.link.reconnect()
                        }
                    }
                }
                group.addTask {
                    await runtime.link.run {
                        runtime.hello(role: role, tasks: feed.acks) + runtime.statuses.unacknowledged()
                    } receive: { message in
                        await receive(message, feed, wish)
                    }
                }
            }
        }
    }

    private func receive(_ message: ConnectResponse.Message, _ feed: TaskFeed, _ wish: RenewalWish) async {
        switch message {
        case .welcome(let welcome):
            if let authorities = welcome.authorities { trust(authorities, wish) }
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
        case .authorities(let authorities): trust(authorities, wish)
        case .statusAck(let ack): runtime.statuses.acknowledged(ack)
        case .usageAck(let ack): runtime.origins.usageStored(ack)
        case .drain: break
        }
    }

    /// Control says whom to trust, and maybe until when to have the certificate renewed.
    private func trust(_ authorities: TrustedAuthorities, _ wish: RenewalWish) {
        guard let credentials = runtime.link.endpoint.credentials else { return }
        do {
            let bundle = try CertificateBundle(pem: authorities.certificates)
            if try credentials.trust(bundle) {
                let names =
                    bundle.certificates.count == 1 ? "one authority" : "\(bundle.certificates.count) authorities"
                runtime.logger.info("the node trusts \(names) from now on")
                if bundle.signer(of: credentials.identity.certificate) == nil {
                    runtime.logger.warning("the node's certificate counts no more: it needs a new join token")
                }
            }
        } catch {
            runtime.logger.error("the authorities that control names cannot be kept", metadata: ["error": "\(error)"])
        }
        guard let time = authorities.renewWithin?.duration else { return }
        wish.asked(for: NodeEnrollment.now() + Int64.random(in: 0...max(0, min(time.components.seconds, 86_400))))
    }
}
