package import Units

/// At most one socket to an origin, kept open between fetches. Fetches run one after the other, in the order asked.
/// Letting go of it closes it, too, but without a sign of when.
package final class OriginConnection: Sendable {
    private let number: UInt64
    private let queue: CommandQueue

    init(number: UInt64, policy: OriginAccessPolicy, queue: CommandQueue) {
        self.number = number
        self.queue = queue
        _ = queue.submit(.open(number, policy))
    }

    deinit { _ = queue.submit(.close(number, nil)) }

    /// Fetches a range that must be of the content the validators name; else `changed`. `rate` sets the connection's
    /// rate, nil leaves it. An empty range asks nothing of the origin.
    package func fetch(
        _ url: String,
        range: ByteRange,
        ifMatch validators: OriginValidators,
        rate: BytesPerSecond? = nil
    ) -> OriginBody {
        let body = BodyPipe()
        if range.isEmpty {
            body.finish(nil)
        } else {
            order(url, .range(range, validators), rate, body)
        }
        return OriginBody(pipe: body, connection: self)
    }

    /// Changes the rate of this and later fetches at once; nil is no limit, zero stops.
    package func setRate(_ rate: BytesPerSecond?) { _ = queue.submit(.changeRate(number, rate)) }

    /// Ends what is under way; the socket is closed on return.
    package func close() async {
        await withCheckedContinuation { continuation in
            if !queue.submit(.close(number, { continuation.resume() })) { continuation.resume() }
        }
    }

    func order(_ url: String, _ purpose: RequestPurpose, _ rate: BytesPerSecond?, _ pipe: BodyPipe) {
        let order = FetchOrder(url: url, purpose: purpose, rate: rate, pipe: pipe)
        if !queue.submit(.fetch(number, order)) {
            pipe.finish(OriginError(.cancelled, "the origin client is shut down"))
        }
    }

    func cancel(_ pipe: BodyPipe) { _ = queue.submit(.cancel(number, pipe)) }
    func consumerCaughtUp() { _ = queue.submit(.resume(number)) }
}
