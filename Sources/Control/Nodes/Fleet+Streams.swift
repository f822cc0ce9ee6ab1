internal import Logging
internal import SluiceAPI
internal import Store
internal import Transport
internal import Units

/// The streams as a whole: acknowledgements gathered, slow readers sent away, everybody asked to come back later.
extension Fleet {
    /// How long acknowledgements are gathered into one transaction.
    private static var gatheringTime: Duration { .milliseconds(20) }
    /// How often streams are looked at for nodes that do not read.
    private static var sweepInterval: Duration { .seconds(5) }
    /// Nodes that may come back in a second after a drain.
    private static var returnsPerSecond: Int { 2000 }
    /// Within how many seconds relays do, however many agents there are: others would pull their pieces.
    private static var relaysReturn: Double { 10 }

    /// A node has applied a revision. Nobody waits for it to be stored: what is lost with this process is told again.
    nonisolated func gather(_ ack: TaskAck, by node: NodeID) {
        guard gathered.add(ack, node) else { return }
        Task {
            try? await Task.sleep(for: Self.gatheringTime)
            await storeGathered()
        }
    }

    /// Stores what was gathered.
    func storeGathered() async {
        let acks = gathered.takeAll()
        guard !acks.isEmpty else { return }
        do {
            try await acknowledged(acks)
        } catch {
            // The tasks stay unacknowledged, and are sent again when their nodes come back.
            logger.error("\(acks.count) acknowledgements could not be stored: \(error)")
        }
    }

    /// Sends nodes away that do not read, and sees to it that relays which stand still are found although nobody says
    /// anything, until the task is cancelled.
    func watchReaders() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.sweepInterval)
            let now = BootClock.now()
            for (id, node) in nodes where node.stream?.closeIfStalled(at: now) == true {
                logger.warning("\(id) has read nothing for \(NodeOutbox.readerPatience): its stream is ended")
            }
            await lookAtRelays()
        }
    }

    /// Grants that could not be stored are made again, and relays take over from slower ones.
    func lookAtRelays() async {
        for blob in Array(blobs.keys) {
            do {
                if blobs[blob]?.ungranted.isEmpty == false { try await grantAgain(blob, to: [], alsoDone: true) }
                try await relaysMayHelp(with: blob)
            } catch {
                logger.error("new grants for \(blob) could not be stored: \(error)")
            }
        }
    }

    /// Asks every node to leave and to come back at a time of its own; they go on working meanwhile.
    func drain() async {
        await storeGathered()
        let leaving = nodes.values.filter(\.isConnected)
        for node in leaving {
            var drain = Drain()
            let window = Self.returnWindow(of: node.node.role, among: leaving.count)
            drain.reconnectAfter = ProtoDuration(.seconds(Double.random(in: 0...window)))
            node.stream?.send(.drain(drain))
            node.stream?.close()
        }
        let window = Self.returnWindow(of: .agent, among: leaving.count)
        if !leaving.isEmpty { logger.info("\(leaving.count) nodes were asked to come back within \(window) s") }
    }

    /// In how many seconds nodes of this role come back after a drain of so many.
    static func returnWindow(of role: NodeRole, among count: Int) -> Double {
        let window = max(1, Double(count) / Double(returnsPerSecond))
        return role == .relay ? min(window, relaysReturn) : window
    }

    /// Nodes whose streams are up.
    var connectedCount: Int { nodes.values.count(where: \.isConnected) }
}
