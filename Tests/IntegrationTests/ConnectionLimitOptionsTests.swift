import ArgumentParser
import Foundation
import HTTP
import Program
import Testing
import Transport
import Units

/// The flags for limits of connections: each sets what it says, and nothing else.
struct ConnectionLimitOptionsTests {
    private typealias Change = @Sendable (inout HTTPLimits) -> Void

    private static let flags: [(flag: String, value: String, change: Change)] = [
        ("http-head-bytes", "2048", { $0.maximumHeaderListSize = 2048 }),
        ("http-head-deadline", "3s", { $0.headDeadline = .seconds(3) }),
        ("http-body-grace", "4s", { $0.bodyGrace = .seconds(4) }),
        ("http-body-rate", "6", { $0.minimumBodyRate = 6 }),
        ("http-idle-deadline", "7s", { $0.idleDeadline = .seconds(7) }),
        ("http2-streams", "8", { $0.maximumConcurrentStreams = 8 }),
        ("http2-preface-deadline", "9s", { $0.prefaceDeadline = .seconds(9) }),
        ("http2-stall-deadline", "11s", { $0.stallDeadline = .seconds(11) }),
        ("http2-max-age", "12s", { $0.maximumConnectionAge = .seconds(12) }),
        ("http2-max-idle", "13s", { $0.maximumConnectionIdle = .seconds(13) }),
        ("http2-keepalive", "14s", { $0.keepaliveInterval = .seconds(14) }),
        ("http2-keepalive-timeout", "15s", { $0.keepaliveTimeout = .seconds(15) }),
        ("http2-resets", "16", { $0.floods.resets = 16 }),
        ("http2-resets-per-second", "17", { $0.floods.resetsPerSecond = 17 }),
        ("http2-refused-streams", "18", { $0.floods.refusedStreams = 18 }),
        ("http2-streams-per-read", "19", { $0.floods.newStreamsPerRead = 19 }),
        ("http2-empty-frames", "20", { $0.floods.emptyFramesInARow = 20 }),
        ("http2-priorities", "21", { $0.floods.prioritiesPerStream = 21 }),
        ("http2-window-updates", "22", { $0.floods.windowUpdates = 22 }),
        ("http2-window-updates-per-stream", "23", { $0.floods.windowUpdatesPerStream = 23 }),
        ("http2-window-updates-per-frame", "24", { $0.floods.windowUpdatesPerSentFrame = 24 }),
        ("http2-control-frames", "25", { $0.floods.controlFrames = 25 }),
        ("http2-control-frames-per-second", "26", { $0.floods.controlFramesPerSecond = 26 }),
        ("http2-overhead-bytes", "65537", { $0.floods.bytesWithoutPayload = 65_537 }),
        ("http2-queued-frames", "101", { $0.floods.queuedFrames = 101 }),
        ("http2-ping-interval", "27s", { $0.floods.pingInterval = .seconds(27) }),
        ("http2-ping-strikes", "28", { $0.floods.pingStrikes = 28 }),
    ]

    @Test(arguments: flags.indices) func `a flag sets its limit alone`(index: Int) throws {
        let (flag, value, change) = Self.flags[index]
        var expected = HTTPLimits()
        change(&expected)
        #expect(expected != HTTPLimits())
        var limits = HTTPLimits()
        var handshakes = HandshakeLimits()
        let options = try ConnectionLimitOptions.parse(["--\(flag)", value])
        try options.apply(to: &limits)
        try options.apply(to: &handshakes)
        #expect(limits == expected && handshakes == HandshakeLimits(), "--\(flag)")
    }

    @Test func `the flags of a handshake set theirs`() throws {
        let options = try ConnectionLimitOptions.parse(["--half-open-per-address", "5", "--handshake-deadline", "6s"])
        var handshakes = HandshakeLimits()
        try options.apply(to: &handshakes)
        #expect(handshakes.halfOpenPerAddress == 5 && handshakes.deadline == .seconds(6))
        var limits = HTTPLimits()
        try options.apply(to: &limits)
        #expect(limits == HTTPLimits())
    }

    @Test func `every flag of the page is tried here, and none takes what is out of its range`() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "Sources/HTTP/HTTP.docc/Design.md"), encoding: .utf8)
        let documented = page.split(separator: "\n").filter { $0.hasPrefix("| `--") }
            .map { $0.dropFirst(5).prefix { $0 != "`" } }.map(String.init)
        let tried = Self.flags.map(\.flag) + ["half-open-per-address", "handshake-deadline"]
        #expect(Set(documented) == Set(tried))
        for (flag, value, _) in Self.flags {
            let tooMuch = value.hasSuffix("s") ? "100000h" : "2000000000"
            let options = try ConnectionLimitOptions.parse(["--\(flag)", tooMuch])
            var limits = HTTPLimits()
            let error = #expect(throws: UserError.self, "--\(flag)") { try options.apply(to: &limits) }
            #expect(error?.code == .invalidArgument)
        }
    }
}
