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
        var backoff: ReconnectBackoff
        var applied: [TaskNotice] = []
        var isWelcome = false
        var sequence: UInt64 = 0
        var channel: (any Channel)?
    }

    /// How often connections are begun and counts are shown.
    private static let tick = TimeAmount.milliseconds(10)
    /// Connections that are begun and not answered yet, at most.
    private static let maximumPending = 2000
    private static let handshakeDeadline = Duration.seconds(60)

    private let plan: CrowdPlan
    /// What each node shows of itself over TLS; empty in plaintext.
    private let contexts: [TLSClientContext]
    private let loop: any EventLoop
    private let opening: ByteBuffer
    private let relayKey = SigningKey()
    private var agents: [Agent]
    private var waiting: CircularBuffer<Int>
    private var pending = 0
    private var counts = CrowdCounts()
    private var shown = CrowdCounts()
    /// How often an agent sends a heartbeat; nil while none is wanted.
    private var heartbeat: TimeAmount?
    private var nextHeartbeat = 0
    private var heartbeatsOwed = 0.0

    init(plan: CrowdPlan, contexts: [TLSClientContext], loop: any EventLoop) {
        self.plan = plan
        self.contexts = contexts
        self.loop = loop
        self.opening = LeanStream.opening(
            path: NodeStreamServiceClient.Methods.connect.path,
            authority: "\(plan.host):\(plan.port)",
            isSecure: !contexts.isEmpty
        )
        self.agents = (0..<plan.streams).map { index in
            Agent(backoff: .fleet(seed: plan.seed &+ UInt64(index)))
        }
        self.waiting = CircularBuffer(0..<plan.streams)
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
        sendHeartbeats()
        guard counts != shown else { return }
        shown = counts
        StandardOutput.write(counts.json + "\n")
    }

    /// Each agent's turn comes once an interval, evenly spread.
    private func sendHeartbeats() {
        guard let heartbeat, let origin = plan.origin else { return }
        heartbeatsOwed += Double(plan.agents) * Double(Self.tick.nanoseconds) / Double(heartbeat.nanoseconds)
        while heartbeatsOwed >= 1 {
            heartbeatsOwed -= 1
            let index = nextHeartbeat
            nextHeartbeat = (nextHeartbeat + 1) % plan.agents
            guard agents[index].isWelcome, let channel = agents[index].channel else { continue }
            agents[index].sequence += 1
            var message = LeaseHeartbeat()
            message.origin = origin
            message.sequence = agents[index].sequence
            message.weight = 100
            message.wants = LeaseAmount()
            message.inUse = LeaseAmount()
            var bytes = ByteBuffer()
            write(.leaseHeartbeat(message), into: &bytes)
            channel.writeAndFlush(bytes, promise: nil)
            counts.heartbeats += 1
        }
    }

    private func connect(_ index: Int) {
        pending += 1
        let bound = NIOLoopBound(self, eventLoop: loop)
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(.seconds(20))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 2048))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let crowd = bound.value
                    let handler = AgentChannel(crowd: crowd, agent: index)
                    if !crowd.contexts.isEmpty {
                        try Dialer.add(
                            crowd.contexts[index],
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
            let source = try SocketAddress(ipAddress: plan.address(index), port: 0)
            bootstrap.bind(to: source).connect(host: plan.host, port: plan.port).whenComplete { result in
                bound.value.connected(index, result.map { _ in })
            }
        } catch {
            connected(index, .failure(error))
        }
    }

    private func connected(_ index: Int, _ result: Result<Void, any Error>) {
        pending -= 1
        guard case .failure = result else { return }
        counts.failed += 1
        comeBack(index, in: agents[index].backoff.attemptFailed())
    }

    private func comeBack(_ index: Int, in delay: Duration) {
        let bound = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleTask(in: TimeAmount(delay)) { bound.value.waiting.append(index) }
    }

    // MARK: Events of a connection

    /// What the agent sends first.
    func opened(_ index: Int, _ channel: any Channel) -> ByteBuffer {
        counts.open += 1
        agents[index].channel = channel
        var node = Node()
        node.name = plan.name(index)
        node.role = plan.isRelay(index) ? .relay : .agent
        node.address = "\(plan.address(index)):1"
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
        var bytes = opening
        write(.hello(hello), into: &bytes)
        return bytes
    }

    func messageArrived(_ message: ByteBuffer, at index: Int, answer: inout ByteBuffer) {
        if let notice = TaskNotice(message) {
            taskArrived(notice, at: index)
            write(.ack(TaskAck(notice)), into: &answer)
            return
        }
        guard let response = try? ConnectResponse(protobuf: message) else { return }
        switch response.message {
        case .welcome(let welcome):
            if !agents[index].isWelcome { counts.welcomed += 1 }
            agents[index].isWelcome = true
            agents[index].backoff.connected()
            counts.lastWelcome = NIODeadline.now().uptimeNanoseconds
            guard plan.origin != nil, heartbeat == nil else { return }
            heartbeat = TimeAmount(welcome.heartbeatInterval?.duration ?? .seconds(10))
        case .drain(let drain):
            counts.drained += 1
            agents[index].backoff.delayTold(drain.reconnectAfter?.duration ?? .seconds(1))
        default: break
        }
    }

    private func taskArrived(_ notice: TaskNotice, at index: Int) {
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
    }

    func lost(_ index: Int) {
        counts.open -= 1
        counts.lost += 1
        if agents[index].isWelcome { counts.welcomed -= 1 }
        agents[index].isWelcome = false
        agents[index].channel = nil
        comeBack(index, in: agents[index].backoff.attemptFailed())
    }

    private func write(_ message: ConnectRequest.Message, into bytes: inout ByteBuffer) {
        let request = ConnectRequest(message)
        var encoded = ByteBuffer()
        request.encode(into: &encoded)
        LeanStream.write(encoded, into: &bytes)
    }
}

extension TaskAck {
    init(_ notice: TaskNotice) {
        self.init()
        task = notice.task
        revision = notice.revision
    }
}
