internal import NIOCore

/// The timers of one connection; they end with it.
final class HTTP2Deadlines {
    /// How far the connection's end has come (gRPC's A9: notice, one round trip, the last stream, grace).
    enum Drain { case none, noticed(reason: String), lastStreamTold }

    var preface: Scheduled<Void>?
    var age: Scheduled<Void>?
    var idle: Scheduled<Void>?
    var keepalive: Scheduled<Void>?
    var stall: Scheduled<Void>?
    var closing: Scheduled<Void>?
    var drain: Drain = .none
    /// When bytes of the peer came last.
    var lastRead = NIODeadline.now()
    /// Since when no stream is open; it says nothing while one is.
    var idleSince = NIODeadline.now()

    func cancelAll() {
        for timer in [preface, age, idle, keepalive, stall, closing] { timer?.cancel() }
        (preface, age, idle, keepalive, stall, closing) = (nil, nil, nil, nil, nil, nil)
    }
}
