package import Logging
internal import Synchronization
internal import Units

/// Ranges from HTTP servers by libcurl, on one thread of its own.
package final class OriginClient: Sendable {
    private let queue: CommandQueue
    private let sockets = SocketCounter()
    private let lastNumber = Atomic<UInt64>(0)

    /// Starts the thread. A fetch without a byte for `stallLimit` (20 s unless given) ends as `timedOut`;
    /// pauses of our own do not count.
    package init(
        logger: Logger,
        stallLimit: Duration? = nil
    ) throws(OriginError) {
        queue = try CommandQueue()
        let stall = stallLimit.map { UInt64(max(1, $0.nanoseconds)) } ?? Limits.stallNanoseconds
        try CurlLoop.start(queue: queue, sockets: sockets, stallNanoseconds: stall, logger: logger)
    }

    deinit { _ = queue.submit(.shutDown({})) }

    /// Sockets to origins that are open now.
    package var openSockets: Int { sockets.open }
    /// Sockets to origins opened so far.
    package var openedSockets: Int { sockets.total }

    /// A connection, which opens its socket with its first fetch.
    package func connect(policy: OriginAccessPolicy) -> OriginConnection {
        let number = lastNumber.add(1, ordering: .relaxed).newValue
        return OriginConnection(number: number, policy: policy, queue: queue)
    }

    /// Asks what is at a URL: HEAD, then byte 0 where HEAD is not answered or does not tell enough. One socket, closed
    /// on return.
    package func probe(_ url: String, policy: OriginAccessPolicy) async throws(OriginError) -> OriginProbe {
        let connection = connect(policy: policy)
        let result: Result<OriginProbe, OriginError>
        do throws(OriginError) {
            result = .success(try await Self.probe(url, over: connection))
        } catch {
            result = .failure(error)
        }
        await connection.close()
        return try result.get()
    }

    /// Closes every connection and ends the thread.
    package func shutdown() async {
        await withCheckedContinuation { continuation in
            if !queue.submit(.shutDown({ continuation.resume() })) { continuation.resume() }
        }
    }

    private static func probe(
        _ url: String,
        over connection: OriginConnection
    ) async throws(OriginError) -> OriginProbe {
        do throws(OriginError) {
            let answer = try await ask(url, .head, over: connection)
            let ranges = answer.head["accept-ranges"]?.lowercased() == "bytes"
            if ranges, !answer.head.isEncoded, let length = answer.head.contentLength {
                return OriginProbe(answer, size: length, acceptsRanges: true)
            }
        } catch {
            // Servers refuse HEAD in many ways; only these are final.
            let final: [OriginError.Code] = [
                .notFound, .refusedAddress, .tooManyRedirects, .throttled, .cancelled, .tls,
            ]
            if final.contains(error.code) { throw error }
        }
        let answer = try await ask(url, .firstByte, over: connection)
        guard !answer.head.isEncoded else { throw OriginError(.contentEncoded, "the origin compresses the content") }
        if answer.head.status == 200 {
            guard let length = answer.head.contentLength else {
                throw OriginError(.rangeUnsupported, "the origin does not tell the size", status: 200)
            }
            return OriginProbe(answer, size: length, acceptsRanges: false)
        }
        guard let total = answer.head.contentRange?.total, answer.head.status == 206 || total == 0 else {
            throw OriginError(.rangeUnsupported, "the origin does not tell the size", status: answer.head.status)
        }
        return OriginProbe(answer, size: total, acceptsRanges: true)
    }

    private static func ask(
        _ url: String,
        _ purpose: RequestPurpose,
        over connection: OriginConnection
    ) async throws(OriginError) -> OriginProbeAnswer {
        let pipe = BodyPipe()
        connection.order(url, purpose, nil, pipe)
        let body = OriginBody(pipe: pipe, connection: connection)
        for try await _ in body {}
        guard let answer = pipe.answer else { throw OriginError(.transport, "the origin gave no answer") }
        return answer
    }
}

extension OriginProbe {
    fileprivate init(_ answer: OriginProbeAnswer, size: UInt64, acceptsRanges: Bool) {
        self.init(
            size: ByteCount(rawValue: size),
            etag: answer.head["etag"] ?? "",
            lastModified: answer.head["last-modified"] ?? "",
            acceptsRanges: acceptsRanges,
            finalURL: answer.finalURL
        )
    }
}
