internal import Logging
internal import Manifest
internal import NIOCore
internal import RPC
internal import SluiceAPI
internal import Store
internal import Transport
internal import Units

extension Fleet {
    /// A node's stream has come up: it is stored, welcomed, and told every task whose latest revision it lacks.
    func connected(
        _ hello: Hello,
        from address: SocketAddress?,
        showing authority: [UInt8]? = nil,
        through sink: any RPCPushSink
    ) async throws -> NodeOutbox {
        let (id, node) = try hello.node(seenFrom: address)
        if let known = nodes[id], known.node.role != node.role {
            throw UserError(.failedPrecondition, "\(id) is the name of a node of the other role")
        }
        let record = NodeRecord(
            id: id,
            role: node.role == .relay ? .relay : .agent,
            payload: node.encoded,
            publicKey: hello.publicKey,
            incarnation: hello.incarnation,
            lastSeenAt: clock.milliseconds()
        )
        let hasMoved = nodes[id].map { !$0.hasConnected || $0.node.address != node.address } ?? true
        try await save(record)
        let outbox = NodeOutbox(session: nextSession(), sink: sink)
        nodes[id]?.stream?.close()
        nodes[id] = FleetNode(record: record, node: node, stream: outbox, hasConnected: !hasMoved)
        var welcome = Welcome()
        welcome.controlPublicKey = signingKey.publicKey.bytes
        welcome.heartbeatInterval = ProtoDuration(heartbeatInterval)
        welcome.leaseEpoch = leaseEpoch.rawValue
        welcome.authorities = trusted(showing: authority)
        outbox.send(.welcome(welcome))
        if node.role == .relay {
            if hasMoved { try await relayMoved(id) }
            try await relayJoined(id)
            try await enlist(id)
        }
        nodes[id]?.hasConnected = true
        try await sendTasks(to: id, having: hello.tasks)
        return outbox
    }

    /// Stores what is new of a node: one that comes back as it was costs no write.
    private func save(_ record: NodeRecord) async throws {
        if var known = nodes[record.id]?.record {
            known.lastSeenAt = record.lastSeenAt
            if known == record { return }
        }
        do {
            try await store.saveNode(record)
        } catch {
            guard error.code == .conflict else { throw error }
            throw UserError(.failedPrecondition, "a later start of \(record.id) has already connected")
        }
    }

    /// How long is waited for more nodes that leave, so that one transaction notes them all.
    private static var leavingTime: Duration { .milliseconds(200) }

    func storeLastSeen() async {
        let seen = lastSeen
        lastSeen = [:]
        guard !seen.isEmpty else { return }
        do {
            try await store.nodesSeen(seen)
        } catch {
            logger.warning("when \(seen.count) nodes were last seen could not be stored: \(error)")
        }
    }

    func disconnected(_ id: NodeID, session: UInt64) async {
        guard nodes[id]?.stream?.session == session else { return }
        nodes[id]?.stream = nil
        if nodes[id]?.node.role == .relay { awaitReturn(of: id, for: Self.relayPatience) }
        let isFirst = lastSeen.isEmpty
        lastSeen[id] = clock.milliseconds()
        guard isFirst else { return }
        Task {
            try? await Task.sleep(for: Self.leavingTime)
            await storeLastSeen()
        }
    }

    /// A node will not come back: what it has not done fails, so that its distributions can end.
    func failTasks(of node: NodeID, because reason: String) async throws {
        var cancel = CancelTask()
        cancel.reason = reason
        for id in Array(distributions.keys) {
            guard let tasks = distributions[id]?.tasks.values else { continue }
            let open = tasks.filter { $0.record.node == node && !$0.record.state.isFinal }
            guard !open.isEmpty else { continue }
            let statuses = open.filter { $0.record.statusSequence < .max }.map { task in
                var status = task.status
                status.message = reason
                status.sequence = task.record.statusSequence + 1
                return (id: task.record.id, status: status)
            }
            try await store.updateTasks(
                statuses.map { id, status in
                    let update = TaskStatusUpdate(sequence: status.sequence, payload: status.encoded)
                    return TaskUpdate(id: id, status: update)
                }
            )
            for (id, status) in statuses { stored(status, of: id) }
            let latest = open.compactMap { active($0.record.id)?.record }
            try await keep(latest.map { $0.revised(.cancel(cancel), state: .failed) }, opening: true, except: node)
            try await moveOn(id)
        }
    }

    func isConnected(_ id: NodeID) -> Bool { nodes[id]?.isConnected ?? false }

    /// The agents an order is for; fails where there are none, or a named one is not known.
    func agents(with labels: [Label], or names: [String]) throws(UserError) -> [NodeID] {
        var labelled: [NodeID] = []
        if !labels.isEmpty {
            for (id, node) in nodes where node.node.role == .agent {
                if labels.allSatisfy({ node.node.labels.contains($0) }) { labelled.append(id) }
            }
        }
        var named: Set<NodeID> = []
        for name in names {
            guard let id = NodeID(name), nodes[id]?.node.role == .agent else {
                throw UserError(.notFound, "no agent is named \(name)", hint: "`sluice nodes list` shows all.")
            }
            named.insert(id)
        }
        named.subtract(labelled)
        let found = labelled + named
        guard !found.isEmpty else {
            let wanted = labels.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
            throw UserError(
                .failedPrecondition,
                labels.isEmpty ? "no agent is asked for" : "no agent has the labels \(wanted)",
                hint: "`sluice nodes list` shows the agents and their labels."
            )
        }
        return found.sorted()
    }
}
