import HTTP
import NIOCore
import Testing
import Units

@testable import RPC

/// Whatever happens in whatever order, what a server sends is one well-formed response.
struct ServerCallSeedTests {
    /// What HTTP/2 lets a server send on a stream.
    private enum Sent {
        case nothing, head, end
    }

    @Test(arguments: UInt64(0)..<200) func `actions form one response`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let kind = RPCKind.allCases.randomElement(using: &generator) ?? .unary
        let head = RPCRequestHead(
            path: "/s/m",
            metadata: RPCMetadata(),
            timeout: nil,
            encoding: .identity,
            acceptsGzip: Bool.random(using: &generator)
        )
        var call = ServerCallState(head: head, kind: kind, limits: RPCLimits())
        var sent = Sent.nothing
        var cancellations = 0
        var responses = 0
        for _ in 0..<30 {
            let wasEnded = call.isEnded
            let actions = happen(to: &call, kind: kind, responses: &responses, using: &generator)
            if wasEnded { #expect(actions == []) }
            for action in actions {
                switch (action, sent) {
                case (.head(_, let endStream), .nothing): sent = endStream ? .end : .head
                case (.bytes, .head): break
                case (.trailers, .head), (.reset, .head): sent = .end
                case (.cancelHandler, _): cancellations += 1
                default: Issue.record("\(action) after \(sent)")
                }
            }
            #expect(call.isEnded || sent != .end)
        }
        #expect(cancellations <= 1)
    }

    private func happen(
        to call: inout ServerCallState,
        kind: RPCKind,
        responses: inout Int,
        using generator: inout SeededGenerator
    ) -> [ServerCallState.Action] {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0:
            let count = Int.random(in: 0..<9, using: &generator)
            call.bytesArrived(ByteBuffer(bytes: (0..<count).map { _ in UInt8.random(in: 0...2, using: &generator) }))
            return []
        case 1:
            call.requestEnded()
            return []
        case 2, 3:
            _ = call.messageWanted()
            return []
        case 4: return call.headReleased()
        case 5, 6:
            guard !kind.hasSingleResponse || responses == 0 else { return [] }
            guard let actions = try? call.messageSent(ByteBuffer(bytes: [1]), compressed: nil) else { return [] }
            responses += 1
            return actions
        case 7:
            let isGood = !kind.hasSingleResponse || responses == 1
            return call.handlerEnded(isGood ? .ok : RPCStatus(.aborted), trailers: RPCMetadata())
        case 8: return call.deadlineExpired(isWriting: Bool.random(using: &generator))
        default: return Bool.random(using: &generator) ? call.streamLost() : []
        }
    }
}
