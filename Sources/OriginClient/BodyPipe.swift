internal import NIOCore
internal import Synchronization

/// Carries one response from the curl thread to its one consumer. Bytes that arrived are handed out before an error is.
final class BodyPipe: Sendable {
    private struct State {
        var unread = ByteBuffer()
        var told: OriginProbeAnswer?
        var isPaused = false
        var end: Result<Void, OriginError>?
        var received: UInt64 = 0
        var waiter: CheckedContinuation<Void, Never>?
    }
    private let state = Mutex(State())

    // MARK: The curl thread's side

    /// Takes the bytes unless the consumer is too far behind; then the transfer counts as paused until `take` says so.
    func offer(_ bytes: RawSpan) -> Bool {
        let (taken, waiter) = state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
            guard state.unread.readableBytes < Limits.unreadBytes else {
                state.isPaused = true
                return (false, nil)
            }
            if state.unread.capacity == 0 { state.unread.reserveCapacity(Limits.readBufferBytes) }
            unsafe bytes.withUnsafeBytes { bytes in _ = unsafe state.unread.writeBytes(bytes) }
            state.received += UInt64(bytes.byteCount)
            return (true, state.waiter.take())
        }
        waiter?.resume()
        return taken
    }

    /// The head of a probe's answer.
    func told(_ answer: OriginProbeAnswer) { state.withLock { $0.told = answer } }

    /// Ends the response; the first end counts.
    func finish(_ error: OriginError?) {
        let waiter = state.withLock { state in
            if state.end == nil { state.end = error.map { .failure($0) } ?? .success(()) }
            return state.waiter.take()
        }
        waiter?.resume()
    }

    // MARK: The consumer's side

    /// Bytes of content received so far.
    var received: UInt64 { state.withLock { $0.received } }
    var isEnded: Bool { state.withLock { $0.end != nil } }
    var answer: OriginProbeAnswer? { state.withLock { $0.told } }

    /// All unread bytes, and whether the transfer has to be told to go on; nil while there is nothing yet.
    func take() throws(OriginError) -> (bytes: ByteBuffer?, resumes: Bool)? {
        let result = state.withLock { state -> Result<(bytes: ByteBuffer?, resumes: Bool)?, OriginError> in
            guard state.unread.readableBytes == 0 else {
                let bytes = state.unread
                state.unread = ByteBuffer()
                let resumes = state.isPaused
                state.isPaused = false
                return .success((bytes, resumes))
            }
            return switch state.end {
            case nil: .success(nil)
            case .success: .success((nil, false))
            case .failure(let error): .failure(error)
            }
        }
        return try result.get()
    }

    /// Waits until there is something to take. One waiter at a time; cancelling is the caller's to turn into `finish`.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                if state.unread.readableBytes > 0 || state.end != nil { return true }
                precondition(state.waiter == nil, "a response has one consumer")
                state.waiter = continuation
                return false
            }
            if isReady { continuation.resume() }
        }
    }
}
