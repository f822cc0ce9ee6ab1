internal import Download
internal import Logging
internal import NIOCore
internal import OriginClient
internal import SluiceAPI
internal import Synchronization
internal import Units

/// One agent's connection to the origin, as assist of last resort: always under a permit.
final class OriginFetcher: Sendable {
    let source: SourceID
    private let origin: OriginID
    private let blob: Blob
    private let distribution: String
    private let priority: UInt32
    private let runtime: NodeRuntime
    private let current = Mutex<PermittedOrigin?>(nil)
    private let keeper = Mutex<Task<Void, Never>?>(nil)

    init(
        source: SourceID,
        origin: OriginID,
        blob: Blob,
        distribution: String,
        priority: UInt32,
        runtime: NodeRuntime
    ) {
        self.source = source
        self.origin = origin
        self.blob = blob
        self.distribution = distribution
        self.priority = priority
        self.runtime = runtime
    }

    /// Asks for permits, one after the other, until stopped.
    func start(opened: @escaping @Sendable () async -> Void, closed: @escaping @Sendable () async -> Void) {
        let task = Task {
            while !Task.isCancelled {
                guard
                    let permit = try? await runtime.origins.permit(
                        at: origin,
                        use: .assist,
                        for: distribution,
                        weight: priority
                    )
                else { return }
                let permitted = PermittedOrigin(
                    permit: permit,
                    connection: runtime.originClient.connect(
                        policy: OriginAccessPolicy(
                            allowPrivateAddresses: blob.allowPrivateAddresses,
                            baseURLs: blob.baseUrls
                        )
                    ),
                    url: blob.url,
                    validators: OriginValidators(
                        size: ByteCount(rawValue: blob.size),
                        etag: blob.etag,
                        lastModified: blob.lastModified
                    )
                )
                current.withLock { $0 = permitted }
                await opened()
                while !Task.isCancelled, !permit.isRevoked, !runtime.origins.shouldGiveUp(at: origin) {
                    try? await Task.sleep(for: .milliseconds(20))
                }
                current.withLock { $0 = nil }
                await closed()
                await permitted.close()
            }
        }
        keeper.withLock { $0 = task }
    }

    func stop() { keeper.withLock { $0 }?.cancel() }

    /// Fetches a range; false where it did not come whole.
    func fetch(_ range: ByteRange, _ take: @Sendable (ByteBuffer) async -> Void) async -> Bool {
        guard let permitted = current.withLock({ $0 }) else { return false }
        var received: UInt64 = 0
        do {
            try await permitted.read(range) { bytes in
                received += UInt64(bytes.readableBytes)
                await take(bytes)
            }
        } catch let error as OriginError {
            if error.code == .throttled {
                runtime.origins.throttled(at: origin, for: error.retryAfter ?? .seconds(1))
            }
            runtime.logger.info("assist from the origin failed", metadata: ["error": "\(error)"])
        } catch {}
        return received == range.count.rawValue
    }
}
