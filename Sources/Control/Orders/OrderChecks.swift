internal import BitTorrent
internal import Manifest
internal import OriginClient
internal import RPC
internal import Scheduling
internal import SluiceAPI
internal import Store
internal import Units

/// Checks an order whole before anything is created (R3): the configuration, the origin, the file, the targets.
struct OrderChecks: Sendable {
    let store: any ControlStore
    let originClient: OriginClient
    let fleet: Fleet

    /// The longest time that an order may name.
    static let longestTime = Duration.seconds(366 * 86_400)

    func check(_ asked: Distribution) async throws -> CheckedOrder {
        var distribution = asked
        let config = asked.config ?? DistributionConfig()
        try Self.check(config)
        let sha256 = try Self.digest(asked.sha256)
        guard asked.sourceUrl.utf8.count <= 4096 else { throw UserError(.invalidArgument, "the URL is too long") }
        distribution.fileName = try FileNameRule.name(asked: asked.fileName, url: asked.sourceUrl)
        let origin = try await origin(of: asked.sourceUrl)
        let agents = try await fleet.agents(with: asked.targetLabels, or: asked.targetNodes)
        let relays = await fleet.relays(atMost: config.relayCount == 0 ? nil : Int(config.relayCount))
        guard !relays.isEmpty else {
            throw UserError(.failedPrecondition, "no relay is connected", hint: "Start one with `sluice relay`.")
        }
        let probe = try await probe(asked.sourceUrl, origin)
        guard asked.size == 0 || asked.size == probe.size.rawValue else {
            throw UserError(
                .invalidArgument,
                "the file at the origin has \(probe.size.rawValue) bytes, not \(asked.size)",
                hint: "Leave --size out, or check the URL."
            )
        }
        distribution.size = probe.size.rawValue
        let pieceLength = try Self.pieceLength(config, size: probe.size)
        guard let geometry = PieceGeometry(size: probe.size, pieceLength: pieceLength) else {
            throw UserError(
                .invalidArgument,
                "a file of \(probe.size) cannot be cut into pieces of \(pieceLength) bytes"
            )
        }
        distribution.origin = origin.name
        distribution.pieceLength = pieceLength
        guard let originID = OriginID(origin.name) else { throw UserError(.internal, "a stored origin has a bad name") }
        return CheckedOrder(
            distribution: distribution,
            origin: originID,
            allowPrivateAddresses: origin.allowPrivateAddresses,
            baseURLs: origin.baseUrls,
            identity: BlobIdentity(
                url: asked.sourceUrl,
                size: probe.size,
                etag: probe.etag,
                lastModified: probe.lastModified,
                pieceLength: pieceLength
            ),
            geometry: geometry,
            sha256: sha256,
            agents: agents,
            relays: relays
        )
    }

    private func origin(of url: String) async throws -> Origin {
        let origins = try await store.allOrigins().map { try Origin(encoded: $0.payload) }
        guard let origin = OriginMatch.origin(of: url, among: origins) else {
            throw UserError(
                .failedPrecondition,
                "\(url) is not below any registered origin",
                hint: "Register one: sluice origins create NAME --base-urls URL"
            )
        }
        return origin
    }

    private func probe(_ url: String, _ origin: Origin) async throws -> OriginProbe {
        let policy = OriginAccessPolicy(
            allowPrivateAddresses: origin.allowPrivateAddresses,
            baseURLs: origin.baseUrls
        )
        do {
            let probe = try await originClient.probe(url, policy: policy)
            guard probe.size > .zero else { throw UserError(.failedPrecondition, "\(url) is empty or has no length") }
            return probe
        } catch let error as OriginError {
            throw UserError(error, url: url)
        }
    }

    private static func digest(_ text: String) throws -> [UInt8] {
        guard !text.isEmpty else { return [] }
        guard let digest = SHA256Digest(hex: text) else {
            throw UserError(.invalidArgument, "a SHA-256 is 64 hexadecimal digits")
        }
        return digest.bytes
    }

    private static func check(_ config: DistributionConfig) throws {
        guard config.priority <= 1000 else { throw UserError(.invalidArgument, "a priority is 1 to 1000") }
        guard !(config.assistDisabled && config.bittorrentDisabled) else {
            throw UserError(.invalidArgument, "with neither BitTorrent nor assist nothing can be sent")
        }
        guard config.assistAfter?.isBetween(.zero, longestTime) ?? true else {
            throw UserError(.invalidArgument, "assist starts after no time to 366 days")
        }
        try checkTimes(config)
    }

    private static func checkTimes(_ config: DistributionConfig) throws {
        let times = [
            config.stallAfter, config.handBackAfter, config.expectedDuration, config.blockedAfter, config.retryFor,
        ]
        for time in times.compactMap(\.self) where !time.isBetween(.nanoseconds(1), longestTime) {
            throw UserError(
                .invalidArgument,
                "stall_after, hand_back_after, expected_duration, blocked_after and retry_for are longer than nothing, "
                    + "and at most 366 days"
            )
        }
        guard config.stallPermille <= 1000 else {
            throw UserError(.invalidArgument, "a stall is at most 1000 thousandths")
        }
        guard config.overduePercent == 0 || config.overduePercent >= 100 else {
            throw UserError(.invalidArgument, "what is overdue has taken at least 100 % of the expected time")
        }
        guard config.maxAgentBytesPerSecond == 0 || config.minimumBytesPerSecond <= config.maxAgentBytesPerSecond else {
            throw UserError(.invalidArgument, "more is promised to an agent than it may receive")
        }
        guard config.minimumBytesPerSecond == 0 || !config.assistDisabled else {
            throw UserError(.invalidArgument, "without assist nothing can be promised")
        }
        guard config.windows.count <= TransferSchedule.maximumWindows else {
            throw UserError(.invalidArgument, "an order has at most \(TransferSchedule.maximumWindows) windows")
        }
        for window in config.windows
        where window.startMinute > 1439 || !(1...1440).contains(window.endMinute) || window.days.contains(.unspecified)
        {
            throw UserError(
                .invalidArgument,
                "a window begins at minute 0 to 1439, ends before minute 1 to 1440, and its days are days of the week"
            )
        }
        guard !config.onlyInWindows || config.windows.contains(where: { !$0.paused }) else {
            throw UserError(.invalidArgument, "only_in_windows needs a window in which something may move")
        }
    }

    /// The publisher's own, the one asked for, or the one that suits the size.
    private static func pieceLength(_ config: DistributionConfig, size: ByteCount) throws -> UInt32 {
        guard config.torrent.isEmpty else {
            let metainfo: Metainfo
            do {
                metainfo = try Metainfo(decoding: config.torrent)
            } catch {
                throw UserError(.invalidArgument, "the .torrent cannot be used: \(error)")
            }
            guard metainfo.geometry.size == size else {
                throw UserError(
                    .invalidArgument,
                    "the .torrent is for \(metainfo.geometry.size.rawValue) bytes, the origin has \(size.rawValue)"
                )
            }
            return metainfo.geometry.pieceLength
        }
        guard config.pieceLength != 0 else { return PieceGeometry.defaultPieceLength(for: size) }
        let length = config.pieceLength
        guard length.nonzeroBitCount == 1, (65_536...16_777_216).contains(length) else {
            throw UserError(.invalidArgument, "a piece length is a power of two from 64 KiB to 16 MiB")
        }
        return length
    }
}
