internal import NIOCore
internal import RPC
internal import Scheduling
internal import SluiceAPI
internal import Synchronization
internal import Transport
internal import Units

/// The sending side of one node's stream: nobody waits for a slow node, and it costs a bounded amount of memory.
final class NodeOutbox: Sendable {
    /// What newer state of replaces older.
    private enum Key: Hashable {
        case task(String)
        case status(String)
        case usage
        case lease(String)
        case authorities
    }

    /// What is this node's own of a message, and what it shares with the messages to others.
    private struct Message {
        let head: ByteBuffer
        var work: [UInt8] = []

        var count: Int { head.readableBytes + work.count }

        /// As it goes over the wire.
        var whole: ByteBuffer {
            guard !work.isEmpty else { return head }
            var bytes = head
            bytes.reserveCapacity(minimumWritableBytes: work.count)
            bytes.writeBytes(work)
            return bytes
        }
    }

    private struct State {
        var waiting = TaskOutbox<Key, Message>(
            maximumMessages: NodeOutbox.maximumQueued,
            maximumBytes: NodeOutbox.maximumQueuedBytes
        )
        /// The latest revision of each task that the node was sent and has not acknowledged.
        var unacknowledged: [String: UInt64] = [:]
        var isClosed = false
        var isWatching = false
    }

    /// Messages that wait for a slow node at most, besides `maximumUnsent` bytes on their way; one more ends the stream,
    /// and the node is told all again when it comes back.
    static let maximumQueued = 4096
    /// Bytes that wait at most, work included that other nodes' outboxes share.
    static let maximumQueuedBytes = 64 << 20
    /// Bytes that are handed to the connection before its node takes them.
    private static let maximumUnsent = 32 << 10
    /// How long a node may take nothing of what it is told.
    static let readerPatience = Duration.seconds(30)

    /// Grows with each stream, so that an old stream's end is not taken for a new one's.
    let session: UInt64
    private let sink: any RPCPushSink
    private let state = Mutex(State())

    init(session: UInt64, sink: any RPCPushSink) {
        self.session = session
        self.sink = sink
    }

    func send(_ message: ConnectResponse.Message) {
        var response = ConnectResponse()
        response.message = message
        var bytes = ByteBuffer()
        response.encode(into: &bytes)
        send(Message(head: bytes), key: Self.key(of: message))
    }

    /// Sends a task whose work is encoded already, a `NodeTask` with nothing else, as a `ConnectResponse` (field 2). Parts of
    /// a message that stand one behind the other are read as one.
    func sendTask(_ task: TaskID, _ revision: Revision, work: [UInt8]) {
        // An id is at most 63 bytes: its length takes one.
        let length = 2 + task.text.utf8.count + 1 + Self.varintLength(revision.rawValue) + work.count
        var bytes = ByteBuffer()
        bytes.reserveCapacity(length + 6 - work.count)
        bytes.writeInteger(UInt8(0x12))
        Self.writeVarint(UInt64(length), into: &bytes)
        bytes.writeInteger(UInt8(0x0A))
        bytes.writeInteger(UInt8(task.text.utf8.count))
        bytes.writeString(task.text)
        bytes.writeInteger(UInt8(0x10))
        Self.writeVarint(revision.rawValue, into: &bytes)
        state.withLock { $0.unacknowledged[task.text] = revision.rawValue }
        send(Message(head: bytes, work: work), key: .task(task.text))
    }

    /// Whether the node says that it has applied the latest revision of a task that it was sent here, for the first time.
    /// So it can say that as often as it was sent something, whatever it makes up.
    func acknowledged(_ ack: TaskAck) -> Bool {
        state.withLock { state in
            guard state.unacknowledged[ack.task] == ack.revision else { return false }
            state.unacknowledged.removeValue(forKey: ack.task)
            // An empty table gives its room back: there is one for each of very many nodes.
            if state.unacknowledged.isEmpty { state.unacknowledged = [:] }
            return true
        }
    }

    private static func varintLength(_ value: UInt64) -> Int { max(1, (70 - (value | 1).leadingZeroBitCount) / 7) }

    /// Seven bits a byte, the lowest first (Protocol Buffers, encoding).
    private static func writeVarint(_ value: UInt64, into bytes: inout ByteBuffer) {
        var value = value
        while value > 127 {
            bytes.writeInteger(UInt8(truncatingIfNeeded: value & 127 | 128))
            value >>= 7
        }
        bytes.writeInteger(UInt8(truncatingIfNeeded: value))
    }

    /// Ends the stream well.
    func close() {
        state.withLock { $0.isClosed = true }
        sink.endRequests()
    }

    /// Ends the stream where the node has taken nothing for too long; true where it did.
    func closeIfStalled(at now: BootTime) -> Bool {
        guard state.withLock({ $0.waiting.isStalled(at: now, patience: Self.readerPatience) }) else { return false }
        sink.abort()
        return true
    }

    private func send(_ message: Message, key: Key?) {
        let overflowed = state.withLock { state -> Bool in
            guard !state.isClosed else { return false }
            if state.waiting.isEmpty, push(message, &state) { return false }
            guard state.waiting.messageReady(message, key: key, bytes: message.count) == .overflowed else {
                // What was refused above has said nothing of the time.
                state.waiting.readerFull(at: BootClock.now())
                return false
            }
            state.isClosed = true
            return true
        }
        if overflowed { sink.abort() }
    }

    /// Moves what waits to the connection while it has room.
    private func pump() {
        state.withLock { state in
            state.isWatching = false
            while let message = state.waiting.next, push(message, &state) { state.waiting.messageTaken() }
            state.waiting.readerFull(at: BootClock.now())
        }
    }

    /// False where the connection has no room; then `pump` is called once it has. Called with the lock held, so that
    /// messages leave in order: the sink does not call back before it returns.
    private func push(_ message: Message, _ state: inout State) -> Bool {
        guard !state.isWatching else { return false }
        do throws(RPCError) {
            let isSent = try sink.push(message.whole, limit: Self.maximumUnsent) { [weak self] in self?.pump() }
            state.isWatching = !isSent
            return isSent
        } catch {
            // The stream has ended; its reader learns that too.
            state.isClosed = true
            return true
        }
    }

    private static func key(of message: ConnectResponse.Message) -> Key? {
        switch message {
        case .task(let task): .task(task.task)
        case .statusAck(let ack): .status(ack.task)
        case .usageAck: .usage
        case .authorities: .authorities
        // A chunk of bytes is in addition to earlier ones.
        case .leaseGrant(let grant): grant.chunk == nil ? .lease(grant.origin) : nil
        case .welcome, .drain, .pieceRelease: nil
        }
    }
}
