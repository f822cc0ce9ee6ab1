import ArgumentParser
import NIOCore
import NIOPosix
import Transport
import Units

/// `sluice-bench control`: many agents' node streams from one process.
struct ControlLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "control",
        abstract: "Holds many agents' streams to a control server, until it is killed.",
        discussion: """
            Each stream is a gRPC call, by default on a connection of its own, from one of many addresses in 127/8: \
            hello, acknowledgements of every task, and back again with jitter when it is lost. With --leases each agent \
            wants a connection at the origin, uses it for a second as its lease allows, and wants it again later. \
            Prints one JSON object a line whenever a count has changed; times are those of the machine's monotonic clock.
            """
    )

    @Option(help: "Control's address, HOST:PORT.")
    var server: BenchAddress
    @Option(help: "How many agents.")
    var streams = 1000
    @Option(help: "Connections begun in a second at most.")
    var rate = 4000
    @Option(help: "Connections from one source address.")
    var connectionsPerAddress = 500
    @Option(help: "Agents that share a connection, each with a stream of its own.")
    var agentsPerConnection = 1
    @Option(help: "A label KEY=VALUE that every agent has.")
    var label = "bench=yes"
    @Option(help: "An origin that every agent sends lease heartbeats for; none by default.")
    var origin: String?
    @Flag(help: "Want connections at the origin, not only send heartbeats.")
    var leases = false
    @Option(
        help:
            "Tell of tasks as agents do, and so many seconds after the last one came, all at once, that they are done."
    )
    var completeAfter: Int?
    @Option(help: "Seeds the jitter.")
    var seed: UInt64 = 1
    @Option(help: "The PEM file of control's authority: every node enrolls first, and connects over TLS.")
    var authority: String?
    @Option(help: "The join token of agents, with --authority.")
    var agentToken = ""
    @Option(help: "The join token of the relay, with --authority.")
    var relayToken = ""
    @Flag(help: "Hold one relay's stream besides, which an order needs.")
    var relay = false

    func validate() throws {
        guard agentsPerConnection == 1 || authority == nil else {
            throw ValidationError("over TLS every agent shows its own certificate, on a connection of its own")
        }
        guard origin.map({ OriginID($0) != nil }) ?? !leases else {
            throw ValidationError("--leases needs --origin, and that the name of one")
        }
        guard agentsPerConnection > 0, connectionsPerAddress > 0 else {
            throw ValidationError("--agents-per-connection and --connections-per-address are 1 at least")
        }
    }

    func run() async throws {
        OpenFileLimit.raise()
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let plan = CrowdPlan(
            host: server.host,
            port: server.port,
            agents: streams,
            connectsPerSecond: rate,
            connectionsPerAddress: connectionsPerAddress,
            agentsPerConnection: agentsPerConnection,
            label: label,
            origin: origin.flatMap { OriginID($0) },
            wantsLeases: leases,
            hasRelay: relay,
            completesAfter: completeAfter.map { .seconds($0) },
            seed: seed
        )
        var contexts: [TLSClientContext] = []
        if let authority {
            let enrollment = CrowdEnrollment(
                plan: plan,
                authority: authority,
                agentToken: agentToken,
                relayToken: relayToken
            )
            contexts = try await enrollment.enroll(on: loop)
            StandardOutput.write("{\"enrolled\":\(contexts.count)}\n")
        }
        let crowd = try await loop.submit { [contexts] in
            NIOLoopBound(AgentCrowd(plan: plan, contexts: contexts, loop: loop), eventLoop: loop)
        }.get()
        loop.execute { crowd.value.start() }
        while !Task.isCancelled { try await Task.sleep(for: .seconds(3600)) }
    }
}
