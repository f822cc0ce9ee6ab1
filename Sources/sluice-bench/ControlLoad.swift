import ArgumentParser
import NIOCore
import NIOPosix
import Transport

/// `sluice-bench control`: many agents' node streams from one process.
struct ControlLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "control",
        abstract: "Holds many agents' streams to a control server, until it is killed.",
        discussion: """
            Each stream is a gRPC call on a connection of its own, from one of many addresses in 127/8: hello, \
            acknowledgements of every task, and back again with jitter when it is lost. Prints one JSON object a line \
            whenever a count has changed; times are those of the machine's monotonic clock.
            """
    )

    @Option(help: "Control's address, HOST:PORT.")
    var server: BenchAddress
    @Option(help: "How many agents.")
    var streams = 1000
    @Option(help: "Connections begun in a second at most.")
    var rate = 4000
    @Option(help: "Streams from one source address.")
    var streamsPerAddress = 500
    @Option(help: "A label KEY=VALUE that every agent has.")
    var label = "bench=yes"
    @Option(help: "An origin that every agent sends lease heartbeats for; none by default.")
    var origin: String?
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

    func run() async throws {
        OpenFileLimit.raise()
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let plan = CrowdPlan(
            host: server.host,
            port: server.port,
            agents: streams,
            connectsPerSecond: rate,
            streamsPerAddress: streamsPerAddress,
            label: label,
            origin: origin,
            hasRelay: relay,
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
