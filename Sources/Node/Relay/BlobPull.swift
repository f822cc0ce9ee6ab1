internal import Leases
internal import Logging
internal import Manifest
internal import NIOCore
internal import OriginClient
internal import PieceCache
internal import SluiceAPI
internal import Synchronization
internal import Transport
internal import Units

/// Pulls pieces of one blob from its origin over several connections, each under a lease, into the growing cache. Every
/// piece is hashed as it is stored, and its hash is signed and handed on.
struct BlobPull: Sendable {
    /// How often it is looked at how many connections there should be.
    private static let tick = Duration.milliseconds(100)
    /// How long an origin that gives nothing is tried again, with growing pauses, where the order does not say.
    private static let retryFor = Duration.seconds(3600)

    let blob: ActiveBlob
    /// The task that it is pulled for; it may be another one by the next permit.
    let work: @Sendable () async -> RelayTask
    let origin: OriginID
    let access: OriginAccess
    let client: OriginClient
    /// Called for each piece as soon as it is stored.
    let pieceStored: @Sendable (PieceIndex, PieceHashes) async -> Void
    let seeds: SeedSource
    let logger: Logger

    /// Returns once the queue is stopped; throws the `UserError` that ended the pull.
    func run(_ queue: PullQueue) async throws {
        try await withTaskCancellationHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for connection in 0..<PullQueue.maximumConnections {
                    group.addTask { try await work(through: queue, over: connection) }
                }
                group.addTask {
                    while true {
                        try await Task.sleep(for: Self.tick)
                        queue.tick()
                    }
                }
                do {
                    // The first worker that sees the end ends the others, who may still wait for a permit.
                    try await group.next()
                } catch {
                    queue.stop()
                    group.cancelAll()
                    throw error
                }
                group.cancelAll()
                while let ended = await group.nextResult() {
                    if case .failure(let error) = ended, !(error is CancellationError) { throw error }
                }
            }
        } onCancel: {
            queue.stop()
        }
    }

    /// One connection's life: a permit first, then runs until there are none. Who waits for a permit holds no pieces
    /// back from those who have one.
    private func work(through queue: PullQueue, over connection: Int) async throws {
        var failures = Failures()
        var generator = seeds.generatorFromHere()
        while await queue.awaitWork(over: connection) {
            let work = await work()
            let permit = try await access.permit(
                at: origin,
                use: .relayPull,
                for: work.distribution,
                weight: work.priority * LeaseTerms.relayWeight
            )
            let source = PermittedOrigin(
                permit: permit,
                connection: client.connect(policy: policy(of: work)),
                url: work.blob?.url ?? "",
                validators: validators(of: work)
            )
            do {
                try await pullRuns(of: queue, over: connection, from: source, failures: &failures)
                await source.close()
            } catch let error as OriginError {
                await source.close()
                failures.add(at: BootClock.now())
                let jitter = Double.random(in: 0.8...1.2, using: &generator)
                try await recover(from: error, failures, for: work.retryFor?.duration ?? Self.retryFor, jitter)
            } catch {
                await source.close()
                queue.stop()
                throw error
            }
        }
    }

    /// Pulls until nothing is to be pulled or the permit is at its end.
    private func pullRuns(
        of queue: PullQueue,
        over connection: Int,
        from source: PermittedOrigin,
        failures: inout Failures
    ) async throws {
        while !source.permit.isRevoked, !access.shouldGiveUp(at: origin) {
            let count = queue.run(pieceLength: blob.geometry.pieceLength)
            guard let pieces = queue.next(over: connection, atMost: count, without: blob.cache.available) else {
                return
            }
            do {
                let rest = try await pull(pieces, of: queue, over: connection, from: source)
                queue.done(pieces, returning: rest)
                if !rest.isEmpty { return }
                failures = Failures()
            } catch {
                queue.done(pieces, returning: pieces.filter { !blob.cache.available.contains($0) })
                throw error
            }
        }
    }

    /// Pulls neighbouring pieces; returns those it did not get to because the permit was revoked.
    private func pull(
        _ pieces: [PieceIndex],
        of queue: PullQueue,
        over connection: Int,
        from source: PermittedOrigin
    ) async throws -> ArraySlice<PieceIndex> {
        guard let first = pieces.first, let last = pieces.last else { return [] }
        let range = ByteRange(
            start: blob.geometry.range(of: first).start,
            end: blob.geometry.range(of: last).end
        )
        var at = 0
        var buffer = ByteBuffer()
        try await source.read(range, asking: queue.asked) { bytes in
            queue.received(bytes.readableBytes, over: connection)
            var bytes = bytes
            while bytes.readableBytes > 0, at < pieces.count {
                let length = Int(blob.geometry.length(of: pieces[at]))
                buffer.reserveCapacity(length)
                if var part = bytes.readSlice(length: min(bytes.readableBytes, length - buffer.readableBytes)) {
                    buffer.writeBuffer(&part)
                }
                guard buffer.readableBytes == length else { continue }
                try await store(pieces[at], buffer)
                // The same memory, unless somebody still holds it.
                buffer.clear()
                at += 1
            }
        }
        return pieces[at...]
    }

    private func store(_ piece: PieceIndex, _ bytes: ByteBuffer) async throws {
        let hashes: PieceHashes
        do {
            hashes = try await blob.cache.store(piece, bytes: bytes, expecting: blob.expectation(for: piece))
        } catch {
            guard error.code == .badPiece else { throw error }
            throw UserError(
                .dataLoss,
                "piece \(piece.rawValue) from the origin does not match the publisher's hashes",
                hint: "The file at the origin is not the one the .torrent was made of."
            )
        }
        await pieceStored(piece, hashes)
    }

    /// Waits before the next try, or says why there is none.
    private func recover(
        from error: OriginError,
        _ failures: Failures,
        for patience: Duration,
        _ jitter: Double
    ) async throws {
        switch error.code {
        case .changed: throw OriginChange(description: error.message)
        case .notFound, .forbidden, .refusedAddress, .rangeUnsupported, .tooManyRedirects:
            throw UserError(.unavailable, "the origin no longer gives the file: \(error)")
        case .throttled:
            access.throttled(at: origin, for: error.retryAfter ?? .seconds(1))
        default: break
        }
        let failing = failures.duration(at: BootClock.now())
        guard failing < patience else {
            throw UserError(
                .unavailable,
                "the origin has given nothing for \(Int(failing.seconds)) s in \(failures.count) tries: \(error)"
            )
        }
        logger.info("the origin failed, trying again", metadata: ["error": "\(error)"])
        let pause = min(30, 0.1 * Double(1 << min(failures.count, 9)), (patience - failing).seconds)
        try await Task.sleep(for: .seconds(pause * jitter))
    }

    /// Tries in a row that brought nothing.
    private struct Failures {
        private(set) var count = 0
        private var since: BootTime?

        mutating func add(at now: BootTime) {
            count += 1
            since = since ?? now
        }

        func duration(at now: BootTime) -> Duration { since.map { now - $0 } ?? .zero }
    }

    private func policy(of work: RelayTask) -> OriginAccessPolicy {
        OriginAccessPolicy(
            allowPrivateAddresses: work.blob?.allowPrivateAddresses ?? false,
            baseURLs: work.blob?.baseUrls ?? []
        )
    }

    private func validators(of work: RelayTask) -> OriginValidators {
        OriginValidators(
            size: blob.geometry.size,
            etag: work.blob?.etag ?? "",
            lastModified: work.blob?.lastModified ?? ""
        )
    }
}
