import Synchronization
import Testing

@testable import RPC

/// A client and a server in one process over a loopback socket.
struct LoopbackTests {
    private func expectError(_ code: RPCStatusCode, _ call: () async throws -> Void) async {
        do {
            try await call()
            Issue.record("expected \(code)")
        } catch let error as RPCError {
            #expect(error.code == code)
        } catch {
            Issue.record("expected \(code), got \(error)")
        }
    }

    @Test func `each kind of call carries its messages`() async throws {
        try await withLoopback(EchoService()) { client async throws in
            #expect(try await client.unary(EchoService.unary, "a") == "a")
            let (parts, sum) = try await client.clientStreaming(EchoService.collect)
            for part: Text in ["a", "b", "c"] { try await parts.write(part) }
            try await parts.finish()
            #expect(try await sum.next() == "a+b+c")
            let letters = try await client.serverStreaming(EchoService.expand, "xyz")
            #expect(try await letters.all() == ["x", "y", "z"])
            let (said, heard) = try await client.bidirectional(EchoService.chat)
            for word: Text in ["one", "", "three"] {
                try await said.write(word)
                #expect(try await heard.next() == word)
            }
            try await said.finish()
            #expect(try await heard.next() == nil)
        }
    }

    @Test func `a message of megabytes passes both ways, compressed or not`() async throws {
        try await withLoopback(EchoService()) { client async throws in
            let long = Text(String(repeating: "sluice ", count: 400_000))
            #expect(try await client.unary(EchoService.unary, long) == long)
            #expect(try await client.unary(EchoService.unary, long, options: RPCCallOptions(compresses: true)) == long)
            let options = RPCCallOptions(compresses: true)
            #expect(try await client.unary(EchoService.unary, "compress", options: options) == "compressed")
            #expect(try await client.unary(EchoService.unary, "compress") == "plain")
        }
    }

    @Test func `a message over the limit is RESOURCE_EXHAUSTED`() async throws {
        try await withLoopback(EchoService()) { client async throws in
            let long = Text(String(repeating: "x", count: 4 * 1024 * 1024 + 1))
            await expectError(.resourceExhausted) { _ = try await client.unary(EchoService.unary, long) }
            #expect(try await client.unary(EchoService.unary, "still there") == "still there")
        }
    }

    @Test func `a status comes with its message and details`() async throws {
        try await withLoopback(EchoService()) { client async throws in
            await #expect(throws: RPCError(RPCStatus(.aborted, "bäd %25 ☺", details: [8, 10]))) {
                try await client.unary(EchoService.unary, "fail")
            }
            let letters = try await client.serverStreaming(EchoService.expand, "a!")
            #expect(try await letters.next() == "a")
            #expect(try await letters.next() == "!")
            await #expect(throws: RPCError(.dataLoss, "no more")) { try await letters.next() }
            await expectError(.unimplemented) { _ = try await client.unary(EchoService.missing, "a") }
        }
    }

    @Test func `spaces at the ends of values and messages cost no call`() async throws {
        try await withLoopback(EchoService()) { client async throws in
            await #expect(throws: RPCError(.aborted, " spaced ")) {
                try await client.unary(EchoService.unary, "spaces")
            }
            var metadata = RPCMetadata()
            try metadata.add("key", " value ")
            let call = try await client.call(EchoService.unary, options: RPCCallOptions(metadata: metadata))
            try await call.requests.write("metadata")
            try await call.requests.finish()
            #expect(try await call.responses.all() == ["metadata"])
            #expect(call.trailingMetadata.text("key") == "value")
        }
    }

    @Test func `metadata goes both ways, text and binary`() async throws {
        try await withLoopback(EchoService()) { client async throws in
            var metadata = RPCMetadata()
            try metadata.add("key", "value")
            try metadata.add("key-bin", [UInt8]([0xAB, 0xAB]))
            let call = try await client.call(EchoService.unary, options: RPCCallOptions(metadata: metadata))
            try await call.requests.write("metadata")
            try await call.requests.finish()
            let initial = try await call.initialMetadata()
            #expect(initial.text("key") == "value")
            #expect(try await call.responses.all() == ["metadata"])
            #expect(call.trailingMetadata.binary("key-bin") == [0xAB, 0xAB])
            #expect(call.status == .ok)
        }
    }

    @Test func `a deadline ends the call on both sides`() async throws {
        let echo = EchoService()
        try await withLoopback(echo) { client async throws in
            // The first letter proves that the handler runs; only then is its cancellation to be awaited.
            let options = RPCCallOptions(timeout: .seconds(1))
            let letters = try await client.serverStreaming(EchoService.expand, "a…", options: options)
            #expect(try await letters.next() == "a")
            await expectError(.deadlineExceeded) { _ = try await letters.all() }
            var cancellations = echo.cancellations.makeAsyncIterator()
            await cancellations.next()
        }
    }

    @Test func `a deadline that has passed at the start is told at once`() async throws {
        try await withLoopback(EchoService()) { client async throws in
            let options = RPCCallOptions(timeout: .nanoseconds(1))
            await expectError(.deadlineExceeded) {
                _ = try await client.unary(EchoService.unary, "wait", options: options)
            }
        }
    }

    @Test func `cancelling the caller's task cancels the handler's`() async throws {
        let echo = EchoService()
        try await withLoopback(echo) { client async throws in
            let letters = try await client.serverStreaming(EchoService.expand, "a…")
            #expect(try await letters.next() == "a")
            let waiting = Task { try await letters.all() }
            waiting.cancel()
            await expectError(.cancelled) { _ = try await waiting.value }
            var cancellations = echo.cancellations.makeAsyncIterator()
            await cancellations.next()
        }
    }

    @Test func `letting go of a call cancels the handler's task`() async throws {
        let echo = EchoService()
        try await withLoopback(echo) { client async throws in
            do {
                let letters = try await client.serverStreaming(EchoService.expand, "a…")
                #expect(try await letters.next() == "a")
            }
            var cancellations = echo.cancellations.makeAsyncIterator()
            await cancellations.next()
        }
    }

    @Test func `calls share a connection`() async throws {
        try await withLoopback(EchoService()) { client async throws in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        try await client.unary(EchoService.unary, Text("\(number)")) == Text("\(number)")
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
        }
    }

    @Test func `a call is tried again where its caller says so, until the server has committed itself`() async throws {
        var options = RPCCallOptions(timeout: .seconds(10))
        options.retry = RPCRetryPolicy()
        options.retry?.initial = .milliseconds(1)
        let service = EchoService()
        try await withLoopback(service) { [options] client async throws in
            await expectError(.unavailable) { _ = try await client.unary(EchoService.unary, "down") }
            #expect(service.downs.withLock { $0 } == 1)
            #expect(try await client.unary(EchoService.unary, "down", options: options) == "up")
            #expect(service.downs.withLock { $0 } == 3)
            service.downs.withLock { $0 = 0 }
            await expectError(.unavailable) {
                _ = try await client.unary(EchoService.unary, "down after the head", options: options)
            }
            #expect(service.downs.withLock { $0 } == 1)
        }
    }

    @Test func `a closed connection is UNAVAILABLE`() async throws {
        try await withLoopback(EchoService()) { client async throws in
            await client.close()
            await expectError(.unavailable) { _ = try await client.unary(EchoService.unary, "a") }
        }
    }

    @Test func `health is served`() async throws {
        let check = RPCMethod<HealthCheckRequest, HealthCheckResponse>(
            service: HealthService.serviceName,
            name: "Check",
            kind: .unary
        )
        try await withLoopback(EchoService()) { client async throws in
            #expect(try await client.unary(check, HealthCheckRequest(service: "test.Echo")).status == 1)
            await expectError(.notFound) { _ = try await client.unary(check, HealthCheckRequest(service: "none")) }
        }
    }
}
