import ArgumentParser
import HTTP
import NIOCore
import NIOPosix

/// `sluice-bench unary`: one small call after the other, many at a time.
struct UnaryLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unary",
        abstract: "Makes unary gRPC health checks for some seconds; prints calls per second and latencies as JSON."
    )

    @Option(help: "The server's address, HOST:PORT.")
    var server: BenchAddress
    @Option(help: "Connections.")
    var connections = 4
    @Option(help: "Calls under way on each connection.")
    var callsAtOnce = 16
    @Option(help: "How long, in seconds.")
    var seconds = 5.0

    func run() async throws {
        let end = ContinuousClock.now + .seconds(seconds)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let latencies = try await withThrowingTaskGroup(of: [Duration].self) { tasks in
            for _ in 0..<connections {
                let client = try await HTTPClient.connect(host: server.host, port: server.port, group: group)
                for _ in 0..<callsAtOnce { tasks.addTask { try await call(client, until: end) } }
            }
            var all: [Duration] = []
            for try await some in tasks { all += some }
            return all.sorted()
        }
        guard let median = latencies.dropFirst(latencies.count / 2).first,
            let slow = latencies.dropFirst(latencies.count * 99 / 100).first
        else { throw ValidationError("no call ended in time") }
        let rate = Double(latencies.count) / seconds
        let (p50, p99) = (median / .milliseconds(1), slow / .milliseconds(1))
        print(#"{"calls_per_second":\#(rate),"p50_ms":\#(p50),"p99_ms":\#(p99)}"#)
    }

    /// How long each call took.
    private func call(_ client: HTTPClient, until end: ContinuousClock.Instant) async throws -> [Duration] {
        var fields = HTTPFields()
        fields.append("content-type", "application/grpc")
        fields.append("te", "trailers")
        let head = HTTPRequestHead(
            method: "POST",
            scheme: "http",
            authority: server.text,
            path: "/grpc.health.v1.Health/Check",
            fields: fields
        )
        var latencies: [Duration] = []
        while true {
            let start = ContinuousClock.now
            guard start < end else { return latencies }
            let stream = try await client.request(head, endStream: false)
            try await stream.write(ByteBuffer(bytes: [0, 0, 0, 0, 0]))
            try await stream.finish()
            while try await stream.body.next() != nil {}
            guard try await stream.trailers()?["grpc-status"] == "0" else { throw ValidationError("a call failed") }
            latencies.append(ContinuousClock.now - start)
        }
    }
}
