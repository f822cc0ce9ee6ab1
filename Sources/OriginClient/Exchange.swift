internal import Units

/// What a session knows of the request it is busy with.
struct Exchange {
    let order: FetchOrder
    let first: OriginURL
    /// Of the present hop.
    var url: OriginURL
    var hops = 0
    var head = ResponseHead()
    var verdict: ResponseVerdict?
    /// Ends the request whatever libcurl reports.
    var failure: OriginError?
    /// Bytes of content handed on.
    var received: UInt64 = 0
    /// Bytes of a body that nobody wants.
    var drained = 0
    /// When something last arrived, or the transfer last went on after a pause.
    var movedAt: UInt64
    var isHeldByConsumer = false
    /// The gate opens then; nil when it is open.
    var heldByRateUntil: UInt64?

    init(order: FetchOrder, url: OriginURL, at now: UInt64) {
        self.order = order
        first = url
        self.url = url
        movedAt = now
    }

    var isPaused: Bool { isHeldByConsumer || heldByRateUntil != nil }

    mutating func hopBegan(to url: OriginURL, at now: UInt64) {
        self.url = url
        head = ResponseHead()
        verdict = nil
        drained = 0
        movedAt = now
    }
}
