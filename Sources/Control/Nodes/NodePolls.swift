internal import Synchronization
internal import Units

/// The sessions of nodes that poll instead of holding a stream.
final class NodePolls: Sendable {
    /// How long a poll may be held.
    static let maximumWait = Duration.seconds(30)
    /// How long a session goes on without a poll.
    static let patience = Duration.seconds(40)
    /// How often sessions are looked at for nodes that poll no more.
    static let sweepInterval = Duration.seconds(1)
    /// Messages in one poll at most.
    static let maximumMessages = 1024
    /// Where no poll can be held: how long a node waits until its next one, for as long as there are few such nodes.
    static let shortestInterval = Duration.seconds(1)
    /// Polls in a second that such nodes may make together; with more of them the interval grows, up to the longest.
    static let pollsPerSecond = 1000
    static let longestInterval = Duration.seconds(20)

    private let sessions = Mutex<[UInt64: NodePollSession]>([:])

    func began(_ stream: NodeStream, _ sink: PollSink, at now: BootTime) -> NodePollSession {
        sessions.withLock { sessions in
            var number: UInt64
            // A number of an earlier run of control does not lead to a session of this one.
            repeat { number = UInt64.random(in: 1 ... .max) } while sessions[number] != nil
            let session = NodePollSession(number: number, stream: stream, sink: sink, at: now)
            sessions[number] = session
            return session
        }
    }

    func session(_ number: UInt64) -> NodePollSession? { sessions.withLock { $0[number] } }

    /// True for the one who took it out.
    func remove(_ session: NodePollSession) -> Bool {
        sessions.withLock { $0.removeValue(forKey: session.number) != nil }
    }

    /// Ends what a node has.
    func abort(_ node: NodeID) {
        let ended = sessions.withLock { sessions in sessions.values.filter { $0.stream.node == node } }
        for session in ended { session.sink.abort() }
    }

    /// Sessions that are over, or whose nodes poll no more.
    func ended(at now: BootTime) -> [NodePollSession] {
        sessions.withLock { sessions in sessions.values.filter { $0.hasEnded(at: now, patience: Self.patience) } }
    }

    /// How long a node waits until its next poll where none can be held.
    var interval: Duration {
        let wanted = Duration.seconds(Double(sessions.withLock(\.count)) / Double(Self.pollsPerSecond))
        return min(max(wanted, Self.shortestInterval), Self.longestInterval)
    }
}
