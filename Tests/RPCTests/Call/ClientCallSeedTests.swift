import HTTP
import NIOCore
import Testing
import Units

@testable import RPC

/// Whatever a server sends in whatever order, a call ends once and keeps its status.
struct ClientCallSeedTests {
    @Test(arguments: UInt64(0)..<200) func `a status once reached stays`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let kind = RPCKind.allCases.randomElement(using: &generator) ?? .unary
        var call = ClientCallState(kind: kind, compresses: false, limits: RPCLimits())
        var resets = 0
        for _ in 0..<30 {
            let before = call.error
            if happen(to: &call, using: &generator) { resets += 1 }
            if let before { #expect(call.error == before) }
            #expect(call.isEnded == (call.status != nil))
        }
        #expect(resets <= 1)
    }

    /// Returns whether the machine asked for a reset.
    private func happen(to call: inout ClientCallState, using generator: inout SeededGenerator) -> Bool {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0, 1:
            var head = HTTPResponseHead.responseHead(encoding: .identity, metadata: RPCMetadata())
            if Bool.random(using: &generator) { head.status = 503 }
            return call.headArrived(head)
        case 2, 3, 4:
            let count = Int.random(in: 0..<9, using: &generator)
            call.bytesArrived(ByteBuffer(bytes: (0..<count).map { _ in UInt8.random(in: 0...2, using: &generator) }))
            return false
        case 5:
            var fields = HTTPFields()
            if Bool.random(using: &generator) { fields.append("grpc-status", "5") }
            return call.responseEnded(trailers: fields)
        case 6:
            call.streamLost(.reset(.refusedStream), isPastDeadline: false)
            return false
        case 7: return call.cancelled()
        case 8: return call.deadlineExpired()
        default: return call.messageWanted().needsReset
        }
    }
}
