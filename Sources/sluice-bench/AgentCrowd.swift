import Manifest
import NIOCore
import NIOPosix
import RPC
import SluiceAPI
import Transport
import Units

/// A crowd of agents on one event loop: connects them at a bounded rate, answers for them, brings them back.
final class AgentCrowd {
    private struct Agent {
        var applied: [TaskNotice] = []
        var isWelcome = false
    }

    /// The connection of some agents.
    private struct Group {
        var backoff: ReconnectBackoff
        var channel: (any Channel)?
    }

    /// How often connections are begun and counts are shown.
    private static let tick = TimeAmount.milliseconds(10)
    /// Connections that are begun and not answered yet, at most.
    private static let maximumPending = 2000
    private static let handshakeDeadline = Duration.seconds(60)

    let plan: CrowdPlan
    /// What each node shows of itself over TLS; empty in plaintext.
    private let contexts: [TLSClientContext]
    private let loop: any EventLoop
    private let requestHead: ByteBuffer
    private let relayKey = SigningKey()
    private var agents: [Agent]
    private var groups: [Group]
    private var waiting: CircularBuffer<Int>
    private var pending = 0
    private var counts = CrowdCounts()
    private var shown = CrowdCounts()
    private var leases: CrowdLeases?
    private var statuses: CrowdStatuses?
    /// How often an agent sends a heartbeat; nil until control says.
    private var heartbeat: TimeAmount?
    private var heartbeatTurns = Turns()

    init(plan: CrowdPlan, contexts: [TLSClientContext], loop: any EventLoop) {
        self.plan = plan
        self.contexts = contexts
        self.loop = loop
        self.requestHead = LeanConnection.head(
            path: NodeStreamServiceClient.Methods.connect.path,
            authority: "\(plan.host):\(plan.port)",
            isSecure: !contexts.isEmpty
        )
        self.agents = Array(repeating: Agent(), count: plan.streams)
        self.groups = (0..<plan.groups).map { Group(backoff: .fleet(seed: plan.seed &+ UInt64($0))) }
        self.waiting = CircularBuffer(0..<plan.groups)
        self.statuses = plan.completesAfter.map(CrowdStatuses.init)
        self.leases = plan.origin.map { origin in
            CrowdLeases(
                origin: origin,
                wantsConnections: plan.wantsLeases,
                agents: plan.streams,
                at: BootClock.now()
            )
        }
    }

    func start() {
        loop.assertInEventLoop()
        let bound = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleRepeatedTask(initialDelay: .zero, delay: Self.tick) { _ in bound.value.step() }
    }

    private func step() {
        for _ in 0..<max(1, plan.connectsPerSecond / 100) where pending < Self.maximumPending {
            guard let next = waiting.popFirst() else { break }
            connect(next)
        }
        for agent in leases?.step(at: BootClock.now()) ?? [] { sendHeartbeat(of: agent, wants: false) }
        sendHeartbeats()
        for (agent, status) in statuses?.step(at: BootClock.now()) ?? [] { send(status, of: agent) }
        countLeases()
        guard counts != shown else { return }
        shown = counts
        StandardOutput.write(counts.json + "\n")
    }

    private func countLeases() {
        guard let leases else { return }
        (counts.leased, counts.mostLeased, counts.served) = (leases.inUse, leases.most, leases.served)
    }

    /// Each agent's turn comes once an interval, evenly spread.
    private func sendHeartbeats() {
        guard let heartbeat else { return }
        let passed = Double(Self.tick.nanoseconds) / Double(heartbeat.nanoseconds)
        for agent in heartbeatTurns.due(of: plan.agents, intervals: passed) { sendHeartbeat(of: agent, wants: true) }
    }

    private func sendHeartbeat(of agent: Int, wants: Bool) {
        let group = plan.group(of: agent)
        guard agents[agent].isWelcome, let channel = groups[group].channel,
            let message = leases?.heartbeat(of: agent, wants: wants, at: BootClock.now())
        else { return }
        var bytes = ByteBuffer()
        write(.leaseHeartbeat(message), of: agent, into: &bytes)
        channel.writeAndFlush(bytes, promise: nil)
        counts.heartbeats += 1
    }

    private func send(_ status: TaskStatus, of agent: Int) {
        guard agents[agent].isWelcome, let channel = groups[plan.group(of: agent)].channel else { return }
        var bytes = ByteBuffer()
        write(.status(status), of: agent, into: &bytes)
        channel.writeAndFlush(bytes, promise: nil)
        counts.statuses += 1
        guard status.state == .completed else { return }
        counts.completed += 1
        if counts.firstCompleted == 0 { counts.firstCompleted = NIODeadline.now().uptimeNanoseconds }
    }

    private func connect(_ group: Int) {
        pending += 1
        let bound = NIOLoopBound(self, eventLoop: loop)
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(.seconds(20))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 2048))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let crowd = bound.value
                    let handler = AgentChannel(crowd: crowd, group: group)
                    if !crowd.contexts.isEmpty {
                        try Dialer.add(
                            crowd.contexts[crowd.plan.agents(of: group).lowerBound],
                            to: channel,
                            serverName: crowd.plan.host,
                            alpn: ["h2"],
                            deadline: Self.handshakeDeadline
                        )
                    }
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        do {
            let source = try SocketAddress(ipAddress: plan.address(group), port: 0)
            bootstrap.bind(to: source).connect(host: plan.host, port: plan.port).whenComplete { result in
                bound.value.connected(group, result.map { _ in })
            }
        } catch {
            connected(group, .failure(error))
        }
    }

    private func connected(_ group: Int, _ result: Result<Void, any Error>) {
        pending -= 1
        guard case .failure = result else { return }
        counts.failed += 1
        comeBack(group, in: groups[group].backoff.attemptFailed())
    }

    private func comeBack(_ group: Int, in delay: Duration) {
        let bound = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleTask(in: TimeAmount(delay)) { bound.value.waiting.append(group) }
    }

    // MARK: Events of a connection

    /// What its agents send first.
    func opened(_ group: Int, _ channel: any Channel) -> ByteBuffer {
        groups[group].channel = channel
        var bytes = LeanConnection.preface
        for agent in plan.agents(of: group) {
            counts.open += 1
            LeanConnection.open(plan.call(of: agent), head: requestHead, into: &bytes)
            write(.hello(hello(of: agent)), of: agent, into: &bytes)
        }
        return bytes
    }

    private func hello(of index: Int) -> Hello {
        var node = Node()
        node.name = plan.name(index)
        node.role = plan.isRelay(index) ? .relay : .agent
        node.address = "\(plan.address(plan.group(of: index))):1"
        node.version = "bench"
        var label = Label()
        let parts = plan.label.split(separator: "=", maxSplits: 1).map(String.init)
        label.key = parts.first ?? ""
        label.value = parts.dropFirst().first ?? ""
        if !plan.isRelay(index) { node.labels = [label] }
        var hello = Hello()
        hello.node = node
        hello.publicKey = plan.isRelay(index) ? relayKey.publicKey.bytes : []
        hello.incarnation = 1
        hello.tasks = agents[index].applied.map(TaskAck.init)
        return hello
    }

    func messageArrived(_ message: ByteBuffer, at index: Int, answer: inout ByteBuffer) {
        if let notice = TaskNotice(message) {
            taskArrived(notice, message, at: index)
            write(.ack(TaskAck(notice)), of: index, into: &answer)
            return
        }
        guard let response = try? ConnectResponse(protobuf: message) else { return }
        switch response.message {
        case .welcome(let welcome): welcomed(index, welcome)
        case .leaseGrant(let grant):
            let isNews = leases?.arrived(grant, at: index, now: BootClock.now()) ?? false
            if isNews { sendHeartbeat(of: index, wants: false) }
        case .statusAck: counts.stored += 1
        case .drain(let drain):
            counts.drained += 1
            groups[plan.group(of: index)].backoff.delayTold(drain.reconnectAfter?.duration ?? .seconds(1))
        default: break
        }
    }

    private func welcomed(_ index: Int, _ welcome: Welcome) {
        if !agents[index].isWelcome { counts.welcomed += 1 }
        agents[index].isWelcome = true
        groups[plan.group(of: index)].backoff.connected()
        counts.lastWelcome = NIODeadline.now().uptimeNanoseconds
        guard leases != nil else { return }
        if heartbeat == nil { heartbeat = TimeAmount(welcome.heartbeatInterval?.duration ?? .seconds(10)) }
        leases?.welcomed(index, by: Epoch(rawValue: welcome.leaseEpoch))
        // As every node does on a new stream.
        if !plan.isRelay(index) { sendHeartbeat(of: index, wants: true) }
    }

    private func taskArrived(_ notice: TaskNotice, _ message: ByteBuffer, at index: Int) {
        if let known = agents[index].applied.firstIndex(where: { $0.task == notice.task }) {
            guard notice.revision > agents[index].applied[known].revision else {
                counts.repeats += 1
                return
            }
            agents[index].applied[known] = notice
        } else {
            agents[index].applied.append(notice)
        }
        guard !plan.isRelay(index) else { return }
        let now = NIODeadline.now().uptimeNanoseconds
        if counts.firstTask == 0 { counts.firstTask = now }
        counts.lastTask = now
        counts.tasks += 1
        guard statuses != nil else { return }
        // All are asked for the same: one is decoded whole.
        var interval: Duration?
        if counts.tasks == 1, case .task(let task) = try? ConnectResponse(protobuf: message).message,
            case .assignment(let assignment) = task.work
        {
            interval = assignment.statusInterval?.duration
        }
        statuses?.arrived(notice.task, at: index, interval: interval, now: BootClock.now())
    }

    func lost(_ group: Int) {
        counts.lost += 1
        groups[group].channel = nil
        for agent in plan.agents(of: group) {
            counts.open -= 1
            if agents[agent].isWelcome { counts.welcomed -= 1 }
            agents[agent].isWelcome = false
        }
        comeBack(group, in: groups[group].backoff.attemptFailed())
    }

    private func write(_ message: ConnectRequest.Message, of agent: Int, into bytes: inout ByteBuffer) {
        let request = ConnectRequest(message)
        var encoded = ByteBuffer()
        request.encode(into: &encoded)
        LeanConnection.write(encoded, of: plan.call(of: agent), into: &bytes)
    }
}

extension TaskAck {
    init(_ notice: TaskNotice) {
        self.init()
        task = notice.task
        revision = notice.revision
    }
}
