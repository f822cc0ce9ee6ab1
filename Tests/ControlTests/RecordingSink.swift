import NIOCore
import RPC
import SluiceAPI
import Synchronization

/// A node's connection that takes all it is told, and keeps it.
final class RecordingSink: RPCPushSink {
    private let messages = Mutex<[ConnectResponse.Message]>([])

    var all: [ConnectResponse.Message] { messages.withLock(\.self) }
    var tasks: [NodeTask] { all.compactMap { if case .task(let task) = $0 { task } else { nil } } }
    var usageAcks: [UInt64] { all.compactMap { if case .usageAck(let ack) = $0 { ack.sequence } else { nil } } }

    func push(_ message: ByteBuffer, limit: Int, whenRoom: @escaping @Sendable () -> Void) throws(RPCError) -> Bool {
        do throws(ProtobufError) {
            let response = try ConnectResponse(protobuf: message)
            messages.withLock { messages in
                if let message = response.message { messages.append(message) }
            }
            return true
        } catch {
            throw RPCError(.internal, "\(error)")
        }
    }

    func endRequests() {}
    func abort() {}
}
