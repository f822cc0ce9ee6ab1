import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import HTTP

/// Clients over HTTP/1.1 that are slow on purpose.
@Suite(.timeLimit(.minutes(1))) struct HTTP1PaceTests {
    @Test func `bytes give time, silence takes it, and a pause of ours does not count`() {
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var pace = HTTP1BodyPace(grace: .seconds(20), bytesPerSecond: 500, at: start)
        #expect(pace.deadline == start + .seconds(20))
        pace.bodyArrived(1000)
        #expect(pace.deadline == start + .seconds(22))
        pace.readingPaused(at: start + .seconds(5))
        pace.readingPaused(at: start + .seconds(6))
        #expect(pace.deadline == nil)
        pace.readingResumed(at: start + .seconds(65))
        pace.readingResumed(at: start + .seconds(80))
        #expect(pace.deadline == start + .seconds(82))
    }

    /// What the server says to a client that sends `first`, waits for `mark`, and sends `drop` for ever, slowly.
    private func answer(to first: String, behind mark: String, dripping drop: String) async throws -> (String, Duration)
    {
        var limits = HTTPLimits()
        limits.headDeadline = .milliseconds(300)
        limits.bodyGrace = .milliseconds(300)
        var said = ""
        var begin = ContinuousClock.now
        try await withEchoServer(limits: limits) { port, group, _ in
            let (channel, stream) = try await RawClient.connect(port: port, group: group)
            try await channel.writeAndFlush(ByteBuffer(string: first))
            var dripping: RepeatedTask?
            for await bytes in stream {
                said += String(buffer: bytes)
                guard dripping == nil, said.contains(mark) else { continue }
                begin = ContinuousClock.now
                dripping = channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(20)) { _ in
                    channel.writeAndFlush(ByteBuffer(string: drop), promise: nil)
                }
            }
            dripping?.cancel()
        }
        return (said, ContinuousClock.now - begin)
    }

    @Test func `a body that drips is cut off`() async throws {
        let head = "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 100000\r\n\r\n"
        let (_, took) = try await answer(to: head, behind: "100 Continue", dripping: "x")
        #expect(took < .seconds(5))
    }

    @Test func `a second head that drips is cut off, as the first one is`() async throws {
        let request = "GET / HTTP/1.1\r\nhost: a\r\n\r\n"
        let (said, took) = try await answer(to: request, behind: "reached\r\n\r\n", dripping: "\r\n")
        #expect(said.hasPrefix("HTTP/1.1 200"))
        #expect(took < .seconds(5))
    }

    @Test func `who takes nothing of what waits is stalled, who takes a little is not`() {
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var pace = HTTP1WritePace(patience: .seconds(60), at: start)
        let looks: [(second: Int64, waiting: Int, ended: Int, isStalled: Bool)] = [
            (15, 1_000, 0, false), (30, 1_000, 0, false),
            // A write has left, and as much waits again.
            (60, 1_000, 1, false), (90, 999, 1, false), (149, 999, 1, false), (150, 999, 1, true), (300, 0, 1, false),
        ]
        for look in looks {
            let isStalled = pace.looked(waiting: look.waiting, ended: look.ended, at: start + .seconds(look.second))
            #expect(isStalled == look.isStalled, "at \(look.second) s")
        }
    }

    /// A client that asks for more than a socket takes, and reads nothing until it is told to.
    private func unread(
        _ request: String,
        limits: HTTPLimits = HTTPLimits(),
        _ body: (
            _ channel: any Channel, _ arrived: AsyncStream<ByteBuffer>, _ events: AsyncStream<EchoHandler.Event>
        ) async throws -> Void
    ) async throws {
        try await withEchoServer(limits: limits) { port, group, events in
            let (channel, stream) = try await RawClient.connect(port: port, group: group, reads: false)
            try await channel.writeAndFlush(ByteBuffer(string: request))
            try await body(channel, stream, events)
        }
    }

    @Test func `the last answer of a connection is there whole, whenever its client reads`() async throws {
        var limits = HTTPLimits()
        limits.writeHighWater = 2 * EchoHandler.largeAnswer
        try await unread("GET /large HTTP/1.0\r\n\r\n", limits: limits) { channel, arrived, events in
            var events = events.makeAsyncIterator()
            #expect(await events.next() == .answered)
            try await channel.setOption(.autoRead, value: true).get()
            var (count, head) = (0, "")
            for await bytes in arrived {
                if count < 1_000 { head += String(buffer: bytes) }
                count += bytes.readableBytes
            }
            // HTTP/1.0 knows no chunks: what follows the head is the answer, to the end of the connection.
            head = head.components(separatedBy: "\r\n\r\n")[0]
            #expect(head.hasPrefix("HTTP/1.0 200") && !head.contains("chunked"))
            #expect(count == head.utf8.count + 4 + EchoHandler.largeAnswer)
        }
    }

    @Test func `a client that reads nothing is cut off`() async throws {
        var limits = HTTPLimits()
        limits.stallDeadline = .milliseconds(300)
        try await unread("GET /larger HTTP/1.1\r\nhost: a\r\n\r\n", limits: limits) { _, _, events in
            var events = events.makeAsyncIterator()
            #expect(await events.next() == .cancelled)
        }
    }
}
