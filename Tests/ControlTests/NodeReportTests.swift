import Manifest
import RPC
import SluiceAPI
import Store
import Testing
import Transport
import Units

@testable import Control

/// Whatever a node says of itself and its work, control goes on, also after a restart.
@Suite(.timeLimit(.minutes(2))) struct NodeReportTests {
    private func extreme(_ task: TaskID, sequence: UInt64 = 1) -> TaskStatus {
        var status = TaskStatus()
        status.task = task.text
        status.sequence = sequence
        status.state = .running
        status.verifiedBytes = .max
        status.bytesPerSecond = .max
        status.originBytes = .max
        status.servedBytes = .max
        status.message = String(repeating: "ü", count: 10_000)
        status.assist = status.message
        status.sha256 = status.message
        var sources = SourceBytes()
        (sources.agentPeers, sources.relayPeers, sources.relayHttp) = (.max, .max, .max)
        (sources.origin, sources.duplicate) = (.max, .max)
        status.sources = sources
        var elapsed = ProtoDuration()
        (elapsed.seconds, elapsed.nanos) = (.max, .min)
        status.elapsed = elapsed
        status.reports = Array(repeating: PeerReport(), count: 1000)
        return status
    }

    @Test func `numbers and texts of a status are brought within what can be`() async throws {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            let id = try await small.distribution()
            for task in try await store.tasks(of: id) {
                try await small.fleet.statusArrived(extreme(task.id), from: task.node)
            }
            for fleet in [small.fleet, try await small.restarted()] {
                let shown = try await fleet.distribution(id)
                let target = try #require(shown.targets.first)
                #expect(target.verifiedBytes == small.geometry.size.rawValue)
                #expect(target.bytesPerSecond <= 1 << 50 && target.sources?.origin == 1 << 60)
                #expect(target.message == String(repeating: "ü", count: 512) && target.sha256.utf8.count == 64)
                #expect(target.reports.count == 256 && target.elapsed == nil)
                #expect(shown.relays.first?.originBytes == 1 << 60)
                #expect(shown.progress?.verifiedBytes == target.verifiedBytes)
            }
        }
    }

    @Test func `what an earlier version has stored of them traps nothing`() async throws {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            let id = try await small.distribution()
            try await store.updateTasks(
                store.tasks(of: id).map { task in
                    let payload = extreme(task.id).encoded
                    return TaskUpdate(
                        id: task.id,
                        state: .running,
                        status: TaskStatusUpdate(sequence: 1, payload: payload)
                    )
                }
            )
            let shown = try await small.restarted().distribution(id)
            #expect(shown.progress?.verifiedBytes == .max && shown.progress?.originBytes == .max)
            let order = OriginRegistry(store: store, leases: small.leases(), clock: .system)
            let origin: OriginID = try #require(OriginID("files"))
            let nodes = try [small.agent, small.relay, #require(NodeID("third"))]
            for node in nodes {
                try await store.addUsage(
                    UsageEntry(
                        origin: origin,
                        node: node,
                        distribution: id,
                        reason: .assist,
                        sequence: 1,
                        bytes: ByteCount(rawValue: .max)
                    )
                )
            }
            try await store.updateOrigin(origin, payload: Origin().encoded)
            var request = GetOriginUsageRequest()
            request.name = "files"
            let usage = try await order.getOriginUsage(request, context: RPCServerContext(path: "/"))
            #expect(usage.totalBytes == .max)
        }
    }

    @Test func `the end of a duration is a year 9999 for whoever asks`() async throws {
        var wide = ProtoDuration()
        (wide.seconds, wide.nanos) = (.max, .max)
        var order = Distribution()
        order.config = DistributionConfig()
        order.config?.expectedDuration = wide
        let record = DistributionRecord(
            id: try #require(DistributionID("d")),
            requestID: "",
            blob: try #require(BlobID(bytes: Array(repeating: 1, count: 32))),
            origin: try #require(OriginID("files")),
            order: [],
            priority: 100,
            createdAt: 999
        )
        let shown = DistributionSnapshot.make(order: order, record: record, tasks: [], magnetLink: "")
        #expect(shown.expectTime?.json == .string("9999-12-31T23:59:59.999Z"))
    }

    @Test func `a task that control does not know is cancelled at any revision`() async throws {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            let id = try await small.distribution()
            var hello = small.hello(small.agent, .agent)
            let foreign = try #require(try await store.tasks(of: id).first { $0.node == small.relay })
            hello.tasks = [("t-none", UInt64.max), ("t-other", 3), (foreign.id.text, 1)].map { task, revision in
                var ack = TaskAck()
                (ack.task, ack.revision) = (task, revision)
                return ack
            }
            let sink = RecordingSink()
            _ = try await small.fleet.connected(hello, from: nil, through: sink)
            let cancelled = sink.tasks.filter { if case .cancel = $0.work { true } else { false } }
            #expect(cancelled.map(\.task) == ["t-none", "t-other", foreign.id.text])
            #expect(cancelled.map(\.revision) == [.max, 4, 2])
        }
    }

    @Test func `a hello that is too long is refused`() async throws {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            let hello = small.hello(small.agent, .agent)
            let long = String(repeating: "x", count: 300)
            var broken: [Hello] = []
            for change in [
                { $0.node?.version = long }, { $0.node?.address = long },
                { $0.publicKey = Array(repeating: 1, count: 33) },
                { $0.tasks = Array(repeating: TaskAck(), count: Hello.mostTasks + 1) },
                { $0.node?.labels = [Label()] },
            ] as [(inout Hello) -> Void] {
                var changed = hello
                change(&changed)
                broken.append(changed)
            }
            for hello in broken {
                let error = await #expect(throws: UserError.self) {
                    _ = try await small.fleet.connected(hello, from: nil, through: RecordingSink())
                }
                #expect(error?.code == .invalidArgument)
            }
            _ = try await small.fleet.connected(hello, from: nil, through: RecordingSink())
        }
    }

    @Test func `an acknowledgement counts once, and only of what was sent`() async throws {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            let streams = small.streams()
            let (stream, sink) = try await small.connect(small.agent, .agent, on: streams)
            let id = try await small.distribution()
            let sent = try #require(sink.tasks.first)
            for (task, revision) in [("t-none", 1), (sent.task, 7), (sent.task, 0)] as [(String, UInt64)] {
                var ack = TaskAck()
                (ack.task, ack.revision) = (task, revision)
                try await small.say(.ack(ack), on: stream, of: streams)
            }
            #expect(await small.fleet.gathered.takeAll().isEmpty)
            var ack = TaskAck()
            (ack.task, ack.revision) = (sent.task, sent.revision)
            for _ in 0..<3 { try await small.say(.ack(ack), on: stream, of: streams) }
            #expect(await small.fleet.gathered.takeAll().count == 1)
            #expect(try await store.tasks(of: id).count == 2)
        }
    }

    @Test func `what only relays say is not taken from an agent`() async throws {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            let streams = small.streams()
            let (stream, _) = try await small.connect(small.agent, .agent, on: streams)
            for message in [.hashBatches(try small.allHashes), .pieceRelease(PieceRelease())]
                as [ConnectRequest.Message]
            {
                let error = await #expect(throws: UserError.self) {
                    try await small.say(message, on: stream, of: streams)
                }
                #expect(error?.code == .permissionDenied)
            }
        }
    }

    @Test func `a node weighs at an origin what its orders do at most`() async throws {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            _ = try await small.connect(small.relay, .relay, on: small.streams())
            #expect(await small.fleet.highestWeight(of: small.agent, at: "files") == 100)
            var order = try small.order
            order.distribution.config = DistributionConfig()
            order.distribution.config?.priority = 700
            _ = try await small.fleet.create(order, requestID: "")
            #expect(await small.fleet.highestWeight(of: small.agent, at: "files") == 700)
            #expect(await small.fleet.highestWeight(of: small.relay, at: "files") == 5600)
            #expect(await small.fleet.highestWeight(of: small.agent, at: "other") == 100)
        }
    }

    @Test func `usage counts for the node's own orders at their own origin`() async throws {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            let id = try await small.distribution()
            let leases = small.leases()
            let sink = RecordingSink()
            let stranger = try #require(NodeID("stranger"))
            let told: [(NodeID, String, String)] = [
                (small.agent, "files", "d-none"), (small.agent, "other", id.text), (stranger, "files", id.text),
                (small.agent, "files", id.text),
            ]
            for (number, (node, origin, distribution)) in told.enumerated() {
                await leases.connected(node, NodeOutbox(session: 1, sink: sink))
                var usage = OriginUsage()
                (usage.origin, usage.distribution) = (origin, distribution)
                (usage.sequence, usage.bytes) = (UInt64(number + 1), 5)
                try await leases.usageArrived(usage, from: node)
            }
            // Those that do not count are not repeated either.
            #expect(sink.usageAcks == [1, 2, 3, 4])
            #expect(try await store.ledger(of: id).map(\.node) == [small.agent])
            #expect(try await store.ledger(of: try #require(OriginID("other"))).isEmpty)
            // Also of what has ended since, by who has told of it and who has not.
            try await small.agentCompletes(id, sequence: 1)
            for node in [small.agent, small.relay, stranger] {
                var usage = OriginUsage()
                (usage.origin, usage.distribution, usage.sequence, usage.bytes) = ("files", id.text, 9, 5)
                try await leases.usageArrived(usage, from: node)
            }
            #expect(try await store.ledger(of: id).map(\.bytes.rawValue).sorted() == [5, 10])
        }
    }

    @Test func `an agent to whom the origin gave another file fails alone, and a relay's word ends the order`()
        async throws
    {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            let other = try #require(NodeID("agent-2"))
            let both = try small.order(agents: [other])
            let id = try #require(DistributionID(try await small.fleet.create(both, requestID: "").name))
            func changed(_ node: NodeID) async throws {
                let task = try #require(try await store.tasks(of: id).first { $0.node == node })
                var status = TaskStatus()
                (status.task, status.sequence, status.state) = (task.id.text, 1, .running)
                status.originChanged = "the ETag is another"
                try await small.fleet.statusArrived(status, from: node)
            }
            try await changed(small.agent)
            #expect(try await small.fleet.distribution(id).state != .failed)
            #expect(try await small.fleet.distribution(id).targets.map(\.state) == [.failed, .pending])
            try await changed(small.relay)
            #expect(try await small.fleet.distribution(id).state == .failed)
        }
    }

    @Test func `a node that was revoked has failed, and its order ends`() async throws {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            let id = try await small.distribution()
            try await small.fleet.failTasks(of: small.agent, because: "the node was revoked")
            #expect(try await small.fleet.distribution(id).state == .failed)
            let shown = try await small.restarted().distribution(id)
            #expect(shown.targets.map(\.message) == ["the node was revoked"])
            #expect(shown.failure == "1 of 1 targets failed; agent: the node was revoked")
        }
    }
}
