internal import NIOCore

/// The timers of one connection; they end with it.
final class HTTP2Deadlines {
    /// How far the connection's end has come (gRPC's A9: notice, one round trip, the last stream, grace).
    enum Drain { case none, noticed(reason: String), lastStreamTold }

    var preface: Scheduled<Void>?
    var age: Scheduled<Void>?
    var stall: Scheduled<Void>?
    var drain: Drain = .none

    func cancelAll() {
        for timer in [preface, age, stall] { timer?.cancel() }
        (preface, age, stall) = (nil, nil, nil)
    }
}
