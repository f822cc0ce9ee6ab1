import Control
import Foundation
import HTTP
import Logging
import NIOPosix
import RPC
import SluiceAPI
import Testing

/// Control on a real socket and a real database file.
@Suite struct ControlServerTests {
    private func withControl(_ folder: String, _ body: (RPCClient) async throws -> Void) async throws {
        try await withControl(folder, names: [], authorities: ["127.0.0.1"]) { try await body($0[0]) }
    }

    /// A control server, and a client that calls it by each of these names.
    private func withControl(
        _ folder: String,
        names: [String],
        authorities: [String],
        _ body: ([RPCClient]) async throws -> Void
    ) async throws {
        let (addresses, announce) = AsyncStream.makeStream(of: Int.self)
        var configuration = ControlConfiguration(
            dataDirectory: folder,
            host: "127.0.0.1",
            port: 0,
            leaseDuration: .seconds(5)
        )
        configuration.security = .plaintext(names: names)
        configuration.helloDeadline = .milliseconds(200)
        configuration.whenListening = { announce.yield($1) }
        let server = ControlServer(configuration: configuration, logger: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            var ports = addresses.makeAsyncIterator()
            let port = try #require(await ports.next())
            let http = try await HTTPClient.connect(
                host: "127.0.0.1",
                port: port,
                group: MultiThreadedEventLoopGroup.singleton
            )
            try await body(authorities.map { RPCClient(http: http, scheme: "http", authority: $0) })
            await http.close()
            group.cancelAll()
        }
    }

    /// The status a call ends with; nil where it ends well.
    private func code(_ call: () async throws -> Void) async -> RPCStatusCode? {
        do {
            try await call()
            return nil
        } catch {
            return (error as? RPCError)?.code
        }
    }

    @Test func `limits that are missing are no limits to set`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await withControl(folder) { client in
            let origins = OriginServiceClient(client)
            var origin = Origin()
            origin.name = "files"
            origin.baseUrls = ["http://files.example/"]
            origin.limits = OriginLimits()
            origin.limits?.maxConnections = 7
            var create = CreateOriginRequest()
            create.origin = origin
            _ = try await origins.createOrigin(create)
            var update = UpdateOriginLimitsRequest()
            update.name = "files"
            #expect(await code { _ = try await origins.updateOriginLimits(update) } == .invalidArgument)
            var get = GetOriginRequest()
            get.name = "files"
            #expect(try await origins.getOrigin(get).origin?.limits?.maxConnections == 7)
            update.limits = OriginLimits()
            #expect(try await origins.updateOriginLimits(update).origin?.limits?.maxConnections == 0)
        }
    }

    @Test func `in plaintext only known hosts are answered`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let hosts = ["127.0.0.1", "localhost:1", "control.example", "evil.example", "10.0.0.1"]
        try await withControl(folder, names: ["control.example"], authorities: hosts) { clients in
            var codes: [RPCStatusCode?] = []
            for client in clients {
                codes.append(await code { _ = try await OriginServiceClient(client).listOrigins(ListOriginsRequest()) })
            }
            #expect(codes == [nil, nil, nil, .permissionDenied, .permissionDenied])
        }
    }

    @Test func `a node's stream that never says hello is ended`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await withControl(folder) { client in
            let (_, reader) = try await NodeStreamServiceClient(client).connect()
            let begin = ContinuousClock.now
            #expect(await code { _ = try await reader.next() } == .deadlineExceeded)
            #expect(ContinuousClock.now - begin < .seconds(5))
        }
    }

    @Test func `an origin that is registered is there after a restart, and errors are clear`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await withControl(folder) { client in
            var origin = Origin()
            origin.name = "files"
            origin.baseUrls = ["http://files.example/"]
            var request = CreateOriginRequest()
            request.origin = origin
            let origins = OriginServiceClient(client)
            let created = try await origins.createOrigin(request)
            #expect(created.origin?.name == "files")
            let again = await code { _ = try await origins.createOrigin(request) }
            #expect(again == .alreadyExists)
        }
        try await withControl(folder) { client in
            let listed = try await OriginServiceClient(client).listOrigins(ListOriginsRequest())
            #expect(listed.origins.map(\.name) == ["files"])
            var request = GetDistributionRequest()
            request.name = "none"
            let unknown = await code { _ = try await DistributionServiceClient(client).getDistribution(request) }
            #expect(unknown == .notFound)
        }
    }

    @Test func `times of an order that are no durations, or too long, are refused`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await withControl(folder) { client in
            for (seconds, nanos) in [(10_000_000_000_000_000, 0), (.max, .max), (400 * 86_400, 0), (1, -1), (0, 0)]
                as [(Int64, Int32)]
            {
                var time = ProtoDuration()
                (time.seconds, time.nanos) = (seconds, nanos)
                for field in [
                    \DistributionConfig.expectedDuration, \.stallAfter, \.handBackAfter, \.assistAfter,
                ] where field != \.assistAfter || seconds > 0 {
                    var request = CreateDistributionRequest()
                    request.distribution = Distribution()
                    request.distribution?.sourceUrl = "http://files.example/build.img"
                    request.distribution?.config = DistributionConfig()
                    request.distribution?.config?[keyPath: field] = time
                    let outcome = await code {
                        _ = try await DistributionServiceClient(client).createDistribution(request)
                    }
                    #expect(outcome == .invalidArgument)
                }
            }
        }
    }
}
