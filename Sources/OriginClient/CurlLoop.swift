internal import CCurl
internal import Glibc
internal import Logging
internal import NIOCore

/// The curl thread: owns every session and is the only one to touch libcurl.
@safe final class CurlLoop {
    private let queue: CommandQueue
    private let sockets: SocketCounter
    private let stallNanoseconds: UInt64
    private let logger: Logger
    private var sessions: [UInt64: CurlSession] = [:]
    private var whenEnded: [@Sendable () -> Void] = []

    private init(queue: CommandQueue, sockets: SocketCounter, stallNanoseconds: UInt64, logger: Logger) {
        self.queue = queue
        self.sockets = sockets
        self.stallNanoseconds = stallNanoseconds
        self.logger = logger
    }

    /// Starts the thread, which runs until it is told to shut down.
    static func start(
        queue: CommandQueue,
        sockets: SocketCounter,
        stallNanoseconds: UInt64,
        logger: Logger
    ) throws(OriginError) {
        guard curl_global_init(Int(CCurl_global_default)) == CURLE_OK else {
            throw OriginError(.transport, "libcurl does not start")
        }
        let owner = CurlLoop(queue: queue, sockets: sockets, stallNanoseconds: stallNanoseconds, logger: logger)
        let loop = unsafe Unmanaged.passRetained(owner)
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread,
            nil,
            { context in
                if let context = unsafe context {
                    unsafe Unmanaged<CurlLoop>.fromOpaque(context).takeRetainedValue().run()
                }
                return nil
            },
            loop.toOpaque()
        )
        guard result == 0 else {
            unsafe loop.release()
            throw OriginError(.transport, "no thread can be started")
        }
        pthread_detach(thread)
    }

    static var now: UInt64 { NIODeadline.now().uptimeNanoseconds }

    private func run() {
        while whenEnded.isEmpty {
            for command in queue.drain() { perform(command) }
            let now = Self.now
            for session in sessions.values { session.timePassed(now) }
            if whenEnded.isEmpty { poll() }
        }
        for session in sessions.values { session.close() }
        sessions = [:]
        for command in queue.end() { perform(command) }
        for session in sessions.values { session.close() }
        for answer in whenEnded { answer() }
    }

    private func perform(_ command: OriginCommand) {
        switch command {
        case .open(let number, let policy):
            sessions[number] = CurlSession(
                policy: policy,
                sockets: sockets,
                stallNanoseconds: stallNanoseconds,
                logger: logger
            )
        case .fetch(let number, let order):
            guard let session = sessions[number] else {
                order.pipe.finish(OriginError(.cancelled, "the connection to the origin is closed"))
                return
            }
            session.ordered(order)
        case .changeRate(let number, let rate): sessions[number]?.rateChanged(to: rate)
        case .resume(let number): sessions[number]?.consumerCaughtUp()
        case .cancel(let number, let pipe): sessions[number]?.cancelled(pipe)
        case .close(let number, let answer):
            sessions.removeValue(forKey: number)?.close()
            answer?()
        case .shutDown(let answer): whenEnded.append(answer)
        }
    }

    /// Sleeps until a socket is ready, a timer is due or a command has come.
    private func poll() {
        var polled = [pollfd(fd: queue.wakeDescriptor, events: Int16(POLLIN), revents: 0)]
        var owners: [CurlSession] = []
        var wake = UInt64.max
        for session in sessions.values {
            for (socket, events) in session.watched {
                polled.append(pollfd(fd: socket, events: events, revents: 0))
                owners.append(session)
            }
            wake = min(wake, session.wakesAt)
        }
        let now = Self.now
        let milliseconds: CInt = wake == .max ? -1 : wake <= now ? 0 : CInt(min((wake - now) / 1_000_000 + 1, 60_000))
        guard unsafe Glibc.poll(&polled, nfds_t(polled.count), milliseconds) > 0 else { return }
        for (entry, session) in zip(polled.dropFirst(), owners) where entry.revents != 0 {
            session.socketReady(entry.fd, events: entry.revents)
        }
    }
}
