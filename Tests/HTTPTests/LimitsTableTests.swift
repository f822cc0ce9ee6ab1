import Foundation
import Testing
import Transport

@testable import HTTP

/// The one table of limits, on the Design page, against the code.
@Suite struct LimitsTableTests {
    private func text(_ duration: Duration?) -> String { duration.map { "\($0.components.seconds)s" } ?? "none" }

    @Test func `every default on the page is the code's`() throws {
        let limits = HTTPLimits()
        let floods = limits.floods
        let handshakes = HandshakeLimits()
        let expected = [
            "half-open-per-address": "\(handshakes.halfOpenPerAddress)",
            "handshake-deadline": text(handshakes.deadline),
            "http-head-bytes": "\(limits.maximumHeaderListSize)",
            "http-head-deadline": text(limits.headDeadline),
            "http-body-grace": text(limits.bodyGrace),
            "http-body-rate": "\(limits.minimumBodyRate)",
            "http-idle-deadline": text(limits.idleDeadline),
            "http2-streams": "\(limits.maximumConcurrentStreams)",
            "http2-preface-deadline": text(limits.prefaceDeadline),
            "http2-stall-deadline": text(limits.stallDeadline),
            "http2-max-age": text(limits.maximumConnectionAge),
            "http2-max-idle": text(limits.maximumConnectionIdle),
            "http2-keepalive": text(limits.keepaliveInterval),
            "http2-keepalive-timeout": text(limits.keepaliveTimeout),
            "http2-resets": "\(floods.resets)",
            "http2-resets-per-second": "\(floods.resetsPerSecond)",
            "http2-refused-streams": "\(floods.refusedStreams)",
            "http2-streams-per-read": "\(floods.newStreamsPerRead)",
            "http2-empty-frames": "\(floods.emptyFramesInARow)",
            "http2-priorities": "\(floods.prioritiesPerStream)",
            "http2-window-updates": "\(floods.windowUpdates)",
            "http2-window-updates-per-stream": "\(floods.windowUpdatesPerStream)",
            "http2-window-updates-per-frame": "\(floods.windowUpdatesPerSentFrame)",
            "http2-control-frames": "\(floods.controlFrames)",
            "http2-control-frames-per-second": "\(floods.controlFramesPerSecond)",
            "http2-overhead-bytes": "\(floods.bytesWithoutPayload)",
            "http2-queued-frames": "\(floods.queuedFrames)",
            "http2-ping-interval": text(floods.pingInterval),
            "http2-ping-strikes": "\(floods.pingStrikes)",
        ]
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "Sources/HTTP/HTTP.docc/Design.md"), encoding: .utf8)
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `--") }.map { row in
            row.split(separator: "|", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let documented = Dictionary(
            uniqueKeysWithValues: rows.map { ($0[1].trimmingCharacters(in: ["`", "-"]), $0[3]) }
        )
        #expect(documented == expected)
    }
}
