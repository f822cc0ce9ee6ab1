import HTTP
import NIOCore
import Testing
import Units

@testable import RPC

/// Properties of the deciders of a call, whatever the other side does.
@Suite struct CallDeciderTests {
    /// What HTTP/2 lets a server send on a stream.
    private enum Sent {
        case nothing, head, end
    }

    private func bytes(_ generator: inout SeededGenerator) -> ByteBuffer {
        ByteBuffer(bytes: (0..<generator.pick(0...8)).map { _ in UInt8(generator.pick(0...2)) })
    }

    // MARK: Server

    @Test(arguments: Seeds.blocks)
    func `what a server sends is one well-formed response`(block: Range<UInt64>) {
        Seeds.each(in: block) { _, generator in
            let kind = RPCKind.allCases.randomElement(using: &generator) ?? .unary
            let head = RPCRequestHead(
                path: "/s/m",
                metadata: RPCMetadata(),
                timeout: nil,
                encoding: .identity,
                acceptsGzip: generator.chance(2)
            )
            var call = ServerCallState(head: head, kind: kind, limits: RPCLimits())
            var (sent, cancellations, responses) = (Sent.nothing, 0, 0)
            for _ in 0..<30 {
                let wasEnded = call.isEnded
                let actions = try happen(to: &call, kind, &responses, &generator)
                try hold(!wasEnded || actions.isEmpty, "something is done after the end")
                for action in actions {
                    switch (action, sent) {
                    case (.head(_, let endStream), .nothing): sent = endStream ? .end : .head
                    case (.bytes, .head): break
                    case (.trailers, .head), (.reset, .head): sent = .end
                    case (.cancelHandler, _): cancellations += 1
                    default: throw Broken(sentence: "\(action) after \(sent)")
                    }
                }
                try hold(call.isEnded || sent != .end, "the stream has ended and the call goes on")
            }
            try hold(cancellations <= 1, "a handler is cancelled twice")
            // No starvation: its handler's end ends any call.
            _ = call.handlerEnded(RPCStatus(.aborted), trailers: RPCMetadata())
            try hold(call.isEnded, "a call does not end with its handler")
        }
    }

    private func happen(
        to call: inout ServerCallState,
        _ kind: RPCKind,
        _ responses: inout Int,
        _ generator: inout SeededGenerator
    ) throws -> [ServerCallState.Action] {
        switch generator.pick(0...9) {
        case 0:
            call.bytesArrived(bytes(&generator))
            return []
        case 1:
            call.requestEnded()
            return []
        case 2, 3:
            let before = call.messageWanted()
            // An error stays.
            if case .failed(let error) = before {
                guard case .failed(error) = call.messageWanted() else { throw Broken(sentence: "an error passes") }
            }
            return []
        case 4: return call.headReleased()
        case 5, 6:
            guard !kind.hasSingleResponse || responses == 0 else { return [] }
            let isEnded = call.isEnded
            guard let actions = try? call.messageSent(ByteBuffer(bytes: [1]), compressed: nil) else {
                try hold(isEnded, "a message is refused before the end")
                return []
            }
            try hold(!isEnded, "a message is sent after the end")
            responses += 1
            return actions
        case 7:
            guard generator.chance(3) else { return [] }
            let isGood = !kind.hasSingleResponse || responses == 1
            return call.handlerEnded(isGood ? .ok : RPCStatus(.aborted), trailers: RPCMetadata())
        case 8: return generator.chance(3) ? call.deadlineExpired(isWriting: generator.chance(2)) : []
        default: return generator.chance(4) ? call.streamLost() : []
        }
    }

    // MARK: Client

    @Test(arguments: Seeds.blocks)
    func `a call's status once reached stays, and its stream is reset once at most`(block: Range<UInt64>) {
        Seeds.each(in: block) { _, generator in
            let kind = RPCKind.allCases.randomElement(using: &generator) ?? .unary
            var call = ClientCallState(kind: kind, compresses: false, limits: RPCLimits())
            var (resets, messages) = (0, 0)
            for _ in 0..<30 {
                let (before, wasEnded) = (call.error, call.isEnded)
                if happen(to: &call, &messages, &generator) { resets += 1 }
                if let before { try hold(call.error == before, "a status changes") }
                try hold(!wasEnded || call.isEnded, "an ended call goes on")
                try hold(call.isEnded == (call.status != nil), "an end without a status")
            }
            try hold(resets <= 1, "a stream is reset twice")
            try hold(!kind.hasSingleResponse || messages <= 1, "two responses on a call that has a single one")
            // No starvation: the deadline ends any call, and whoever waits is told.
            _ = call.deadlineExpired()
            for _ in 0..<40 {
                switch call.messageWanted().step {
                case .message: continue
                case .needsBytes: throw Broken(sentence: "who waits on an ended call is never told")
                case .ended, .failed: return
                }
            }
            throw Broken(sentence: "an ended call gives messages for ever")
        }
    }

    /// Returns whether the machine asked for a reset.
    private func happen(to call: inout ClientCallState, _ messages: inout Int, _ generator: inout SeededGenerator)
        -> Bool
    {
        switch generator.pick(0...9) {
        case 0, 1:
            var head = HTTPResponseHead.responseHead(encoding: .identity, metadata: RPCMetadata())
            if generator.chance(6) { head.status = 503 }
            return call.headArrived(head)
        case 2, 3, 4:
            let whole = ByteBuffer(bytes: [0, 0, 0, 0, 1, 7])
            call.bytesArrived(generator.chance(2) ? whole : bytes(&generator))
            return false
        case 5:
            guard generator.chance(3) else { return false }
            var fields = HTTPFields()
            if generator.chance(2) { fields.append("grpc-status", generator.chance(2) ? "0" : "5") }
            return call.responseEnded(trailers: fields)
        case 6:
            if generator.chance(5) { call.streamLost(.reset(.refusedStream), isPastDeadline: generator.chance(2)) }
            return false
        case 7: return generator.chance(5) && call.cancelled()
        case 8: return generator.chance(5) && call.deadlineExpired()
        default:
            let (step, needsReset) = call.messageWanted()
            if case .message = step { messages += 1 }
            return needsReset
        }
    }

    // MARK: Framing

    @Test(arguments: Seeds.blocks)
    func `messages come out as they went in, however their bytes are cut`(block: Range<UInt64>) {
        Seeds.each(in: block) { _, generator in
            var limits = RPCLimits()
            limits.maximumReceivedMessageBytes = generator.pick(8...40)
            let framer = MessageFramer(encoding: .identity, limits: limits)
            let messages = (0..<generator.pick(0...5)).map { number in
                ByteBuffer(bytes: Array(repeating: UInt8(number), count: generator.pick(0...30)))
            }
            var wire = ByteBuffer()
            for message in messages { wire.writeImmutableBuffer(try framer.frame(message, compressed: false)) }
            if generator.chance(3), wire.readableBytes > 0 {
                wire = wire.getSlice(at: 0, length: wire.readableBytes - 1) ?? wire
            }
            var deframer = MessageDeframer(encoding: .identity, limits: limits)
            var came: [ByteBuffer] = []
            var broken = false
            while wire.readableBytes > 0, !broken {
                guard let part = wire.readSlice(length: min(wire.readableBytes, generator.pick(1...9))) else { break }
                deframer.bytesArrived(part)
                do {
                    while let message = try deframer.nextMessage() { came.append(message) }
                } catch {
                    broken = true
                }
            }
            let most = limits.maximumReceivedMessageBytes
            let tooLong = messages.firstIndex { $0.readableBytes > most }
            try hold(came == Array(messages.prefix(came.count)), "other messages come out")
            try hold(!broken || came.count == tooLong, "a good message breaks the call, or a long one does not")
            let isWhole = came.count == messages.count
            try hold(isWhole == ((try? deframer.endArrived()) != nil), "an end inside a message is none")
        }
    }

    // MARK: Again

    @Test(arguments: Seeds.blocks)
    func `a call is tried again a bounded number of times, after bounded waits, never once it is committed`(
        block: Range<UInt64>
    ) {
        Seeds.each(in: block) { seed, generator in
            var policy = RPCRetryPolicy()
            policy.attempts = generator.pick(2...9)
            policy.codes = [.unavailable, .aborted]
            var throttle = RetryThrottle()
            for call in 0..<4 as Range<UInt64> {
                var plan = RetryPlan(policy, seed: seed &+ call)
                for attempt in 1...6 {
                    let code: RPCStatusCode = generator.chance(6) ? .internal : .unavailable
                    let isCommitted = generator.chance(8)
                    let pushback: String? =
                        generator.chance(6) ? ["-1", "x", "250"].randomElement(using: &generator) : nil
                    let wait = plan.attemptFailed(
                        code,
                        pushback: pushback,
                        isCommitted: isCommitted,
                        throttle: &throttle
                    )
                    guard let wait else { break }
                    try hold(attempt < min(policy.attempts, RPCRetryPolicy.maximumAttempts), "one attempt too many")
                    try hold(!isCommitted && code != .internal, "tried again though it must not be")
                    try hold(throttle.allowsRetries, "tried again while the server is down")
                    if let pushback {
                        try hold(pushback == "250" && wait == .milliseconds(250), "not when the server said")
                    } else {
                        try hold(wait <= policy.maximum && wait >= .zero, "a wait beyond its bound")
                    }
                }
            }
            // Success gives retries back.
            for _ in 0..<60 { throttle.succeeded() }
            try hold(throttle.allowsRetries, "a server that is well again is never tried again")
        }
    }

    @Test(arguments: Seeds.blocks)
    func `a node comes back later each time, within bounds, and not before it was told to`(block: Range<UInt64>) {
        Seeds.each(in: block) { seed, generator in
            let isFleet = generator.chance(2)
            var backoff = isFleet ? ReconnectBackoff.fleet(seed: seed) : ReconnectBackoff(seed: seed)
            var (bound, floor) = (backoff.initial.seconds, Duration.zero)
            for _ in 0..<30 {
                switch generator.pick(0...5) {
                case 0:
                    backoff.connected()
                    bound = backoff.initial.seconds
                case 1:
                    let told = Duration.seconds(generator.pick(0...40))
                    backoff.delayTold(told)
                    floor = max(floor, told)
                default:
                    let wait = backoff.attemptFailed()
                    let longest = bound * (isFleet ? 1 : 1 + ReconnectBackoff.jitter)
                    let shortest = isFleet ? 0 : bound * (1 - ReconnectBackoff.jitter)
                    try hold(wait >= floor, "sooner than it was told")
                    try hold(wait.seconds <= max(longest, floor.seconds) + 1e-6, "a wait of \(wait.seconds) s")
                    try hold(wait.seconds >= shortest - 1e-6, "no wait")
                    floor = .zero
                    bound = min(backoff.maximum.seconds, bound * ReconnectBackoff.multiplier)
                }
            }
        }
    }
}
