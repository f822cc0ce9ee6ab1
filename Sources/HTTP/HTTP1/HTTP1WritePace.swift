internal import NIOCore

/// Whether a client of HTTP/1.1 takes what waits for it: one that takes nothing for as long as `patience`, while something
/// waits, holds memory for nothing (nginx's `send_timeout`). A machine: time is an argument.
///
/// | state | looked, and something was taken or nothing waits | looked, and nothing was taken |
/// | --- | --- | --- |
/// | taking | taking, since now | stalled once that is `patience` ago |
struct HTTP1WritePace {
    private let patience: TimeAmount
    private var taken: NIODeadline
    private var waiting = 0
    private var ended = 0

    /// Something begins to wait now.
    init(patience: TimeAmount, at now: NIODeadline) {
        self.patience = patience
        taken = now
    }

    /// True where the client has stalled. `waiting` are the bytes that wait in the channel, `ended` all writes so far that
    /// have left it.
    mutating func looked(waiting: Int, ended: Int, at now: NIODeadline) -> Bool {
        if waiting == 0 || waiting < self.waiting || ended != self.ended { taken = now }
        (self.waiting, self.ended) = (waiting, ended)
        return now - taken >= patience
    }
}
