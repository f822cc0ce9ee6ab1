import Logging
import NIOCore
import Testing
import Units

@testable import OriginClient

@Suite(.timeLimit(.minutes(1)))
struct OriginClientTests {
    static let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    static let etag = "\"one\""
    static let validators = OriginValidators(size: ByteCount(content.count), etag: etag)
    static let anywhere = OriginAccessPolicy(allowPrivateAddresses: true, baseURLs: [])

    /// A well-behaved origin.
    @Sendable static func serve(_ request: ScriptedOrigin.Request) -> ScriptedOrigin.Answer {
        var answer = ScriptedOrigin.Answer(fields: ["ETag: \(etag)", "Accept-Ranges: bytes"], body: content)
        guard let (first, last) = request.range else { return answer }
        answer.status = 206
        answer.fields.append("Content-Range: bytes \(first)-\(last)/\(content.count)")
        answer.body = Array(content[first...last])
        return answer
    }

    private func withOrigin(
        _ script: @escaping @Sendable (ScriptedOrigin.Request) -> ScriptedOrigin.Answer,
        policy: OriginAccessPolicy = anywhere,
        _ body: (ScriptedOrigin, OriginClient, OriginConnection) async throws -> Void
    ) async throws {
        let origin = ScriptedOrigin(script)
        let client = try OriginClient(logger: Logger(label: "test"))
        let connection = client.connect(policy: policy)
        try await body(origin, client, connection)
        await connection.close()
        #expect(client.openSockets == 0)
        await client.shutdown()
        origin.stop()
    }

    private func read(_ body: OriginBody) async throws(OriginError) -> [UInt8] {
        var bytes: [UInt8] = []
        for try await part in body { bytes += part.readableBytesView }
        return bytes
    }

    private func expectError(
        _ code: OriginError.Code,
        range: ByteRange = ByteRange(start: 10, end: 20),
        _ script: @escaping @Sendable (ScriptedOrigin.Request) -> ScriptedOrigin.Answer
    ) async throws {
        try await withOrigin(script) { (origin, _, connection) async throws -> Void in
            let body = connection.fetch(origin.url("/file"), range: range, ifMatch: Self.validators)
            let error = await #expect(throws: OriginError.self) { try await read(body) }
            #expect(error?.code == code)
        }
    }

    @Test func `Ranges are fetched one after the other over one socket, which closes with the connection`() async throws
    {
        try await withOrigin(Self.serve) { (origin, client, connection) async throws -> Void in
            for start in stride(from: 0, to: 300_000, by: 100_000) {
                let range = ByteRange(start: UInt64(start), end: UInt64(start + 100_000))
                let body = connection.fetch(origin.url("/file"), range: range, ifMatch: Self.validators)
                #expect(try await read(body) == Array(Self.content[start..<(start + 100_000)]))
                #expect(body.receivedBytes == 100_000)
            }
            #expect(origin.seen.connections == 1)
            #expect(client.openSockets == 1 && client.openedSockets == 1)
            #expect(origin.seen.requests.allSatisfy { $0.fields["if-match"] == Self.etag })
            #expect(origin.seen.requests.allSatisfy { $0.fields["accept-encoding"] == "identity" })
            await connection.close()
            #expect(client.openSockets == 0)
        }
    }

    @Test func `A whole answer to a range of everything is taken`() async throws {
        let script: @Sendable (ScriptedOrigin.Request) -> ScriptedOrigin.Answer = { _ in
            ScriptedOrigin.Answer(fields: ["ETag: \(Self.etag)"], body: Self.content)
        }
        try await withOrigin(script) { (origin, _, connection) async throws -> Void in
            let everything = ByteRange(start: 0, end: UInt64(Self.content.count))
            let body = connection.fetch(origin.url("/file"), range: everything, ifMatch: Self.validators)
            #expect(try await read(body) == Self.content)
        }
    }

    @Test func `A whole answer to a part is rangeUnsupported, or changed when the validators differ`() async throws {
        try await expectError(.rangeUnsupported) { _ in
            ScriptedOrigin.Answer(fields: ["ETag: \(Self.etag)"], body: Self.content)
        }
        try await expectError(.changed) { _ in ScriptedOrigin.Answer(fields: ["ETag: \"two\""], body: Self.content) }
        try await expectError(.changed) { _ in ScriptedOrigin.Answer(body: [1, 2, 3]) }
    }

    @Test(arguments: [412, 416])
    func `A failed precondition or range means changed`(status: Int) async throws {
        try await expectError(.changed) { _ in ScriptedOrigin.Answer(status: status) }
    }

    @Test(arguments: [(404, OriginError.Code.notFound), (403, .forbidden), (500, .status), (410, .notFound)])
    func `Other statuses have their codes`(status: Int, code: OriginError.Code) async throws {
        try await expectError(code) { _ in ScriptedOrigin.Answer(status: status, body: [1, 2]) }
    }

    @Test(arguments: ["bytes 10-19/299999", "bytes 11-20/300000", "bytes 10-18/300000", "bytes 10-19/*", "none"])
    func `Another Content-Range than asked for means changed`(field: String) async throws {
        try await expectError(.changed) { _ in
            ScriptedOrigin.Answer(
                status: 206,
                fields: ["Content-Range: \(field)"],
                body: Array(repeating: 1, count: 10)
            )
        }
    }

    @Test func `A compressed answer is refused`() async throws {
        try await expectError(.contentEncoded) { request in
            var answer = Self.serve(request)
            answer.fields.append("Content-Encoding: gzip")
            return answer
        }
    }

    @Test func `Throttling tells how long`() async throws {
        let script: @Sendable (ScriptedOrigin.Request) -> ScriptedOrigin.Answer = { _ in
            ScriptedOrigin.Answer(status: 429, fields: ["Retry-After: 7"])
        }
        try await withOrigin(script) { (origin, _, connection) async throws -> Void in
            let range = ByteRange(start: 0, end: 10)
            let body = connection.fetch(origin.url("/file"), range: range, ifMatch: Self.validators)
            let error = await #expect(throws: OriginError.self) { try await read(body) }
            #expect(error?.code == .throttled && error?.retryAfter == .seconds(7) && error?.status == 429)
        }
    }

    @Test(arguments: [ScriptedOrigin.Answer.After.close, .reset])
    func `A truncated body gives what came and then transport`(end: ScriptedOrigin.Answer.After) async throws {
        let script: @Sendable (ScriptedOrigin.Request) -> ScriptedOrigin.Answer = { request in
            var answer = Self.serve(request)
            answer.length = answer.body.count
            answer.body = Array(answer.body.prefix(4))
            answer.after = end
            return answer
        }
        try await withOrigin(script) { (origin, _, connection) async throws -> Void in
            let range = ByteRange(start: 0, end: 10)
            let body = connection.fetch(origin.url("/file"), range: range, ifMatch: Self.validators)
            let error = await #expect(throws: OriginError.self) { try await read(body) }
            #expect(error?.code == .transport)
            // The connection is good for another fetch, over a new socket.
            let again = connection.fetch(origin.url("/file"), range: range, ifMatch: Self.validators)
            _ = await #expect(throws: OriginError.self) { try await read(again) }
            #expect(origin.seen.connections == 2)
        }
    }

    @Test func `A consumer that does not read holds the transfer, and cancelling ends it`() async throws {
        let size = 64 << 20
        let script: @Sendable (ScriptedOrigin.Request) -> ScriptedOrigin.Answer = { _ in
            ScriptedOrigin.Answer(body: Array(repeating: 7, count: size))
        }
        try await withOrigin(script) { (origin, client, connection) async throws -> Void in
            let range = ByteRange(start: 0, end: UInt64(size))
            let validators = OriginValidators(size: ByteCount(size))
            let body = connection.fetch(origin.url("/file"), range: range, ifMatch: validators)
            var count = 0
            var most = 0
            for try await part in body {
                count += part.readableBytes
                most = max(most, part.readableBytes)
            }
            #expect(count == size)
            #expect(most <= Limits.unreadBytes + Limits.readBufferBytes)
            let second = connection.fetch(origin.url("/file"), range: range, ifMatch: validators)
            let iterator = second.makeAsyncIterator()
            var reader = iterator
            _ = try await reader.next()
            second.cancel()
            await connection.close()
            #expect(second.receivedBytes < UInt64(size))
            #expect(client.openSockets == 0)
        }
    }

    @Test func `A rate holds over several fetches and can be raised while one runs`() async throws {
        try await withOrigin(Self.serve) { (origin, _, connection) async throws -> Void in
            let clock = ContinuousClock()
            let start = clock.now
            for index in 0..<3 {
                let range = ByteRange(start: UInt64(index * 50_000), end: UInt64((index + 1) * 50_000))
                let rate = BytesPerSecond(rawValue: 200_000)
                let body = connection.fetch(origin.url("/file"), range: range, ifMatch: Self.validators, rate: rate)
                _ = try await read(body)
            }
            #expect(clock.now - start >= .milliseconds(350))
            let stopped = connection.fetch(
                origin.url("/file"),
                range: ByteRange(start: 0, end: 300_000),
                ifMatch: Self.validators,
                rate: .zero
            )
            connection.setRate(nil)
            #expect(try await read(stopped).count == 300_000)
            // No transfer sleeps past its opening: libcurl's own limiter once cost 30 s here.
            #expect(clock.now - start < .seconds(10))
        }
    }

    @Test func `Redirects are followed below the base and nowhere else`() async throws {
        let script: @Sendable (ScriptedOrigin.Request) -> ScriptedOrigin.Answer = { request in
            switch request.path {
            case "/base/moved": ScriptedOrigin.Answer(status: 302, fields: ["Location: file"], body: [1])
            case "/base/out": ScriptedOrigin.Answer(status: 302, fields: ["Location: /secret"])
            case "/base/away": ScriptedOrigin.Answer(status: 302, fields: ["Location: http://169.254.169.254/base/x"])
            case "/base/scheme": ScriptedOrigin.Answer(status: 302, fields: ["Location: file:///etc/passwd"])
            case "/base/loop": ScriptedOrigin.Answer(status: 307, fields: ["Location: /base/loop"])
            default: Self.serve(request)
            }
        }
        let origin = ScriptedOrigin(script)
        let policy = OriginAccessPolicy(allowPrivateAddresses: true, baseURLs: [origin.url("/base")])
        let client = try OriginClient(logger: Logger(label: "test"))
        let connection = client.connect(policy: policy)
        let range = ByteRange(start: 5, end: 9)
        let moved = connection.fetch(origin.url("/base/moved"), range: range, ifMatch: Self.validators)
        #expect(try await read(moved) == Array(Self.content[5..<9]))
        let refused: [(String, OriginError.Code)] = [
            ("/base/out", .refusedAddress), ("/base/away", .refusedAddress), ("/base/scheme", .refusedAddress),
            ("/base/loop", .tooManyRedirects), ("/secret", .refusedAddress), ("/base/../secret", .refusedAddress),
        ]
        for (path, code) in refused {
            let body = connection.fetch(origin.url(path), range: range, ifMatch: Self.validators)
            let error = await #expect(throws: OriginError.self) { try await read(body) }
            #expect(error?.code == code, "\(path)")
        }
        #expect(!origin.seen.requests.contains { $0.path == "/secret" })
        #expect(origin.seen.connections == 1)
        await client.shutdown()
        origin.stop()
    }

    @Test func `A private address is refused before a socket is opened`() async throws {
        let policy = OriginAccessPolicy(allowPrivateAddresses: false, baseURLs: [])
        try await withOrigin(Self.serve, policy: policy) { (origin, client, connection) async throws -> Void in
            for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433"] {
                let url = "http://\(host):\(origin.port)/file"
                let body = connection.fetch(url, range: ByteRange(start: 0, end: 1), ifMatch: Self.validators)
                let error = await #expect(throws: OriginError.self) { try await read(body) }
                #expect(error?.code == .refusedAddress, "\(host)")
            }
            #expect(client.openedSockets == 0)
        }
    }

    @Test func `A probe tells size, validators and ranges`() async throws {
        try await withOrigin(Self.serve) { (origin, client, _) async throws -> Void in
            let probe = try await client.probe(origin.url("/file"), policy: Self.anywhere)
            #expect(probe.size == ByteCount(Self.content.count) && probe.etag == Self.etag && probe.acceptsRanges)
            #expect(origin.seen.requests.map(\.method) == ["HEAD"])
            #expect(client.openSockets == 0)
        }
    }

    @Test func `A probe falls back to byte 0 where HEAD is refused`() async throws {
        let script: @Sendable (ScriptedOrigin.Request) -> ScriptedOrigin.Answer = { request in
            request.method == "HEAD" ? ScriptedOrigin.Answer(status: 405) : Self.serve(request)
        }
        try await withOrigin(script) { (origin, client, _) async throws -> Void in
            let probe = try await client.probe(origin.url("/file"), policy: Self.anywhere)
            #expect(probe.size == ByteCount(Self.content.count) && probe.acceptsRanges)
            #expect(origin.seen.requests.map(\.method) == ["HEAD", "GET"])
        }
    }

    @Test func `A probe of an origin without ranges says so, and one of nothing fails`() async throws {
        let script: @Sendable (ScriptedOrigin.Request) -> ScriptedOrigin.Answer = { request in
            request.path == "/file" ? ScriptedOrigin.Answer(body: Self.content) : ScriptedOrigin.Answer(status: 404)
        }
        try await withOrigin(script) { (origin, client, _) async throws -> Void in
            let probe = try await client.probe(origin.url("/file"), policy: Self.anywhere)
            #expect(probe.size == ByteCount(Self.content.count) && !probe.acceptsRanges)
            let error = await #expect(throws: OriginError.self) {
                try await client.probe(origin.url("/none"), policy: Self.anywhere)
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test func `Cancelling the reading task ends the fetch, and a closed connection fetches nothing`() async throws {
        try await withOrigin(Self.serve) { (origin, _, connection) async throws -> Void in
            let range = ByteRange(start: 0, end: 1000)
            let stopped = connection.fetch(origin.url("/f"), range: range, ifMatch: Self.validators, rate: .zero)
            let task = Task { try await read(stopped) }
            task.cancel()
            let error = await #expect(throws: OriginError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            await connection.close()
            let late = connection.fetch(origin.url("/f"), range: range, ifMatch: Self.validators)
            let second = await #expect(throws: OriginError.self) { try await read(late) }
            #expect(second?.code == .cancelled)
        }
    }

    @Test func `Weak ETags are compared in the answer and not sent`() async throws {
        let script: @Sendable (ScriptedOrigin.Request) -> ScriptedOrigin.Answer = { request in
            var answer = Self.serve(request)
            answer.fields[0] = request.path == "/new" ? "ETag: W/\"two\"" : "ETag: W/\"one\""
            return answer
        }
        try await withOrigin(script) { (origin, _, connection) async throws -> Void in
            let time = "Mon, 01 Jan 2024 00:00:00 GMT"
            let weak = OriginValidators(size: Self.validators.size, etag: "W/\"one\"", lastModified: time)
            let range = ByteRange(start: 0, end: 4)
            let same = connection.fetch(origin.url("/f"), range: range, ifMatch: weak)
            #expect(try await read(same).count == 4)
            #expect(origin.seen.requests[0].fields["if-match"] == nil)
            #expect(origin.seen.requests[0].fields["if-unmodified-since"] == time)
            let error = await #expect(throws: OriginError.self) {
                try await read(connection.fetch(origin.url("/new"), range: range, ifMatch: weak))
            }
            #expect(error?.code == .changed)
        }
    }

    @Test func `An origin that sends nothing more for the stall limit times out, held fetches do not`() async throws {
        let script: @Sendable (ScriptedOrigin.Request) -> ScriptedOrigin.Answer = { request in
            var answer = Self.serve(request)
            answer.length = answer.body.count
            answer.body = Array(answer.body.prefix(4))
            return answer
        }
        let origin = ScriptedOrigin(script)
        let client = try OriginClient(logger: Logger(label: "test"), stallLimit: .milliseconds(100))
        let range = ByteRange(start: 0, end: 10)
        let connection = client.connect(policy: Self.anywhere)
        let stalled = connection.fetch(origin.url("/file"), range: range, ifMatch: Self.validators)
        let error = await #expect(throws: OriginError.self) { try await read(stalled) }
        #expect(error?.code == .timedOut && stalled.receivedBytes == 4)
        await connection.close()
        #expect(client.openSockets == 0)
        await client.shutdown()
        origin.stop()
    }

    @Test func `Many connections at once each have one socket`() async throws {
        let origin = ScriptedOrigin(Self.serve)
        let client = try OriginClient(logger: Logger(label: "test"))
        let url = origin.url("/file")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                let connection = client.connect(policy: Self.anywhere)
                group.addTask { () async throws -> Void in
                    for index in 0..<10 {
                        let range = ByteRange(start: UInt64(index * 30_000), end: UInt64((index + 1) * 30_000))
                        let body = connection.fetch(url, range: range, ifMatch: Self.validators)
                        #expect(try await read(body) == Array(Self.content[(index * 30_000)..<((index + 1) * 30_000)]))
                    }
                    await connection.close()
                }
            }
            try await group.waitForAll()
        }
        #expect(client.openSockets == 0 && client.openedSockets == 20 && origin.seen.connections == 20)
        await client.shutdown()
        origin.stop()
    }

    @Test func `A server that closed an idle connection costs a new socket and no error`() async throws {
        let script: @Sendable (ScriptedOrigin.Request) -> ScriptedOrigin.Answer = { request in
            var answer = Self.serve(request)
            answer.after = .close
            return answer
        }
        try await withOrigin(script) { (origin, client, connection) async throws -> Void in
            for _ in 0..<3 {
                let range = ByteRange(start: 0, end: 10)
                let body = connection.fetch(origin.url("/file"), range: range, ifMatch: Self.validators)
                #expect(try await read(body).count == 10)
            }
            #expect(client.openSockets <= 1)
        }
    }
}
