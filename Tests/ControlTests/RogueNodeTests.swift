import Manifest
import RPC
import SluiceAPI
import Store
import Testing
import Transport
import Units

@testable import Control

/// Nodes that say anything at all, by seed: control answers users, and comes back after a restart.
@Suite(.timeLimit(.minutes(2))) struct RogueNodeTests {
    /// Makes up messages out of what is real and what is extreme.
    private struct Rogue {
        var generator: SeededGenerator
        let tasks: [String]
        let distributions: [String]
        let blob: [UInt8]

        mutating func number() -> UInt64 {
            switch UInt8.random(in: 0..<6, using: &generator) {
            case 0: 0
            case 1: 1
            case 2: .max
            case 3: .max - 1
            case 4: UInt64(Int64.max)
            default: .random(in: 0 ... .max, using: &generator)
            }
        }

        mutating func small() -> UInt32 { UInt32(truncatingIfNeeded: number()) }

        mutating func one<Element>(of all: [Element]) -> Element {
            all[Int.random(in: all.indices, using: &generator)]
        }

        mutating func duration() -> ProtoDuration {
            var duration = ProtoDuration()
            duration.seconds = Int64(bitPattern: number())
            duration.nanos = Int32(bitPattern: small())
            return duration
        }

        mutating func amount() -> LeaseAmount {
            var amount = LeaseAmount()
            (amount.connections, amount.bytesPerSecond, amount.bytes) = (small(), number(), number())
            return amount
        }

        mutating func status() -> TaskStatus {
            var status = TaskStatus()
            (status.task, status.sequence) = (one(of: tasks), number())
            status.state = one(of: [.running, .pending, .unspecified, .running])
            (status.verifiedBytes, status.bytesPerSecond) = (number(), number())
            (status.originBytes, status.servedBytes) = (number(), number())
            (status.epoch, status.assistSwitches) = (number(), small())
            status.elapsed = duration()
            var sources = SourceBytes()
            (sources.agentPeers, sources.relayPeers, sources.relayHttp) = (number(), number(), number())
            (sources.origin, sources.duplicate) = (number(), number())
            status.sources = sources
            return status
        }

        mutating func heartbeat() -> LeaseHeartbeat {
            var heartbeat = LeaseHeartbeat()
            (heartbeat.origin, heartbeat.sequence) = (one(of: ["files", "other"]), number())
            (heartbeat.wants, heartbeat.inUse) = (amount(), amount())
            (heartbeat.weight, heartbeat.leaseEpoch) = (small(), one(of: [0, 1, number()]))
            heartbeat.originPause = duration()
            var applied = LeaseGeneration()
            (applied.epoch, applied.counter) = (one(of: [1, number()]), number())
            heartbeat.applied = applied
            var back = ChunkReturn()
            (back.id, back.unusedBytes) = (one(of: [1, 2, number()]), number())
            heartbeat.returns = [back, back]
            return heartbeat
        }

        mutating func release() -> PieceRelease {
            var release = PieceRelease()
            release.blob = blob
            release.pieces = (0..<Int.random(in: 0..<4, using: &generator)).map { _ in
                var span = PieceSpan()
                (span.first, span.count) = (small() % 8, small())
                return span
            }
            return release
        }

        mutating func message() -> ConnectRequest.Message {
            switch UInt8.random(in: 0..<6, using: &generator) {
            case 0:
                var ack = TaskAck()
                (ack.task, ack.revision) = (one(of: tasks), one(of: [1, 2, number()]))
                return .ack(ack)
            case 1: return .leaseHeartbeat(heartbeat())
            case 2:
                var usage = OriginUsage()
                (usage.origin, usage.distribution) = (one(of: ["files", "other", ""]), one(of: distributions))
                (usage.sequence, usage.bytes) = (number(), number())
                return .originUsage(usage)
            case 3: return .pieceRelease(release())
            case 4:
                var batches = HashBatches()
                batches.blob = blob
                batches.batches = [Array(repeating: UInt8(truncatingIfNeeded: number()), count: 200)]
                return .hashBatches(batches)
            default: return .status(status())
            }
        }
    }

    @Test(arguments: 0..<12 as Range<UInt64>)
    func `whatever nodes say, all is listed, and all comes back after a restart`(seed: UInt64) async throws {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            var limits = OriginLimits()
            (limits.maxConnections, limits.maxBytesPerSecond) = (4, .max)
            var window = TrafficWindow()
            (window.length, window.maxBytes) = (ProtoDuration(.seconds(60)), .max)
            limits.windows = [window]
            let leases = small.leases()
            await leases.originChanged(try #require(OriginID("files")), limits: limits)
            let streams = small.streams(leases)
            let (agent, _) = try await small.connect(small.agent, .agent, on: streams)
            let (relay, _) = try await small.connect(small.relay, .relay, on: streams)
            let id = try await small.distribution()
            let blob = try small.blob
            var rogue = Rogue(
                generator: SeededGenerator(seed: seed),
                tasks: try await store.tasks(of: id).map(\.id.text) + ["t-none", ""],
                distributions: [id.text, "d-none", ""],
                blob: blob.bytes
            )
            for _ in 0..<150 {
                let message = rogue.message()
                for stream in [agent, relay] {
                    // As it would come over the wire; what breaks the rules would end the stream.
                    let request = try ConnectRequest(encoded: ConnectRequest(message).encoded)
                    guard let said = request.message else { continue }
                    do { try await small.say(said, on: stream, of: streams) } catch is UserError {}
                }
                _ = try await small.fleet.distribution(id)
            }
            let shown = try await small.fleet.distribution(id)
            #expect(shown.targets.allSatisfy { $0.verifiedBytes <= small.geometry.size.rawValue })
            #expect(try await store.ledger(of: id).allSatisfy { $0.origin.text == "files" })
            await small.fleet.storeGathered()
            #expect(try await small.restarted().distribution(id).progress?.targetCount == 1)
            await small.fleet.blobs[blob]?.stripes.checkInvariants()
        }
    }
}
