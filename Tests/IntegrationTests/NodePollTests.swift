import Foundation
import RPC
import SluiceAPI
import Testing
import Transport

/// Nodes that poll, at control with TLS on a real socket.
@Suite(.timeLimit(.minutes(2))) struct NodePollTests {
    private func withControl(_ body: (SecuredControl) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await SecuredControl.run(in: folder, body)
    }

    private func node(_ name: String, at control: SecuredControl) async throws -> NodeStreamServiceClient {
        let identity = try await control.enroll(name, .relay, token: control.joinToken(.relay), key: PrivateKey())
        return NodeStreamServiceClient(try await control.client(identity: identity))
    }

    private func hello(_ name: String) -> ConnectRequest {
        var request = ConnectRequest()
        var hello = Hello()
        var node = Node()
        node.name = name
        node.role = .relay
        hello.node = node
        request.message = .hello(hello)
        return request
    }

    private func poll(session: UInt64, received: UInt64 = 0, wait: Duration?) -> PollRequest {
        var request = PollRequest()
        request.session = session
        request.received = received
        request.wait = wait.map { ProtoDuration($0) }
        return request
    }

    @Test func `a node that polls is welcomed, seen, and sent away when it is revoked`() async throws {
        try await withControl { control in
            let relay = try await node("relay-1", at: control)
            var first = PollRequest()
            first.messages = [hello("relay-1")]
            let session = try await relay.poll(first).session
            #expect(session != 0)
            let answer = try await relay.poll(poll(session: session, wait: .seconds(5)))
            guard case .welcome? = answer.messages.first?.message else {
                Issue.record("no welcome came")
                return
            }
            let nodes = try await NodeServiceClient(control.admin()).listNodes(ListNodesRequest()).nodes
            #expect(nodes.map(\.connected) == [true])
            async let waiting = SecuredControl.code {
                _ = try await relay.poll(poll(session: session, received: answer.number, wait: .seconds(25)))
            }
            let begin = ContinuousClock.now
            var revoke = RevokeNodeRequest()
            revoke.name = "relay-1"
            _ = try await NodeServiceClient(control.admin()).revokeNode(revoke)
            let ended = await waiting
            #expect([.permissionDenied, .unavailable].contains(ended))
            #expect(ContinuousClock.now - begin < .seconds(1))
            let after = await SecuredControl.code { _ = try await relay.poll(poll(session: session, wait: .zero)) }
            #expect(after == .permissionDenied)
        }
    }

    @Test func `a session is its own node's alone, and one that has ended is not found`() async throws {
        try await withControl { control in
            let relay = try await node("relay-1", at: control)
            let other = try await node("relay-2", at: control)
            var first = PollRequest()
            first.messages = [hello("relay-1")]
            let foreign = await SecuredControl.code { _ = try await other.poll(first) }
            #expect(foreign == .permissionDenied)
            let session = try await relay.poll(first).session
            let stolen = await SecuredControl.code { _ = try await other.poll(poll(session: session, wait: .zero)) }
            #expect(stolen == .permissionDenied)
            #expect(try await relay.poll(poll(session: session, wait: .zero)).messages.count == 1)
            // A later session of the node takes the place of the earlier one.
            let later = try await relay.poll(first).session
            #expect(later != session)
            _ = await SecuredControl.code { _ = try await relay.poll(poll(session: session, received: 1, wait: .zero)) }
            let ended = await SecuredControl.code {
                _ = try await relay.poll(poll(session: session, received: 1, wait: .zero))
            }
            #expect(ended == .notFound)
            let told = try await relay.poll(poll(session: later, wait: .zero))
            #expect(told.messages.count == 1)
            let silence = try await relay.poll(poll(session: later, received: told.number, wait: .zero))
            #expect(silence.messages.isEmpty && silence.nextPoll != nil)
        }
    }

    @Test func `a message that breaks the rules ends the session, as it ends a stream`() async throws {
        try await withControl { control in
            let relay = try await node("relay-1", at: control)
            var first = PollRequest()
            let without = await SecuredControl.code { _ = try await relay.poll(first) }
            #expect(without == .failedPrecondition)
            first.messages = [hello("relay-1")]
            var second = poll(session: try await relay.poll(first).session, wait: nil)
            second.messages = [hello("relay-1")]
            let again = await SecuredControl.code { _ = try await relay.poll(second) }
            #expect(again == .failedPrecondition)
            let ended = await SecuredControl.code { _ = try await relay.poll(second) }
            #expect(ended == .notFound)
        }
    }
}
