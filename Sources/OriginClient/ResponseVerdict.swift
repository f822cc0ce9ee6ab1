internal import Units

/// What a response head means for the request it answers.
enum ResponseVerdict: Hashable, Sendable {
    /// The body is what was asked for, so many bytes of it.
    case deliver(UInt64)
    /// The head is all that was wanted.
    case told
    /// Ask there.
    case redirect(String)
    /// The request has failed.
    case fail(OriginError)

    init(_ head: ResponseHead, purpose: RequestPurpose) {
        if head.isRedirect, let location = head["location"] {
            self = .redirect(location)
            return
        }
        switch purpose {
        case .head: self = head.status == 200 ? .told : Self.failure(head)
        case .firstByte:
            let isAnswer = head.status == 200 || head.status == 206 || head.status == 416
            self = isAnswer ? .told : Self.failure(head)
        case .range(let range, let validators):
            switch head.status {
            case 206: self = Self.partial(head, range, validators)
            case 200: self = Self.whole(head, range, validators)
            case 412: self = .fail(OriginError(.changed, "the content at the origin has changed", status: 412))
            case 416: self = .fail(OriginError(.changed, "the origin has no such range any more", status: 416))
            default: self = Self.failure(head)
            }
        }
    }

    private static func partial(
        _ head: ResponseHead,
        _ range: ByteRange,
        _ validators: OriginValidators
    ) -> ResponseVerdict {
        if let refusal = refusal(head, validators) { return refusal }
        guard let given = head.contentRange, given.first == range.start, given.last == range.end - 1,
            given.total == validators.size.rawValue
        else { return .fail(OriginError(.changed, "the origin answered with another range or length", status: 206)) }
        if let length = head.contentLength, length != range.count.rawValue {
            return .fail(OriginError(.changed, "the origin's length contradicts its range", status: 206))
        }
        return .deliver(range.count.rawValue)
    }

    private static func whole(
        _ head: ResponseHead,
        _ range: ByteRange,
        _ validators: OriginValidators
    ) -> ResponseVerdict {
        if let refusal = refusal(head, validators) { return refusal }
        if let length = head.contentLength, length != validators.size.rawValue {
            return .fail(OriginError(.changed, "the length at the origin has changed", status: 200))
        }
        guard range.start == 0, range.end == validators.size.rawValue else {
            return .fail(OriginError(.rangeUnsupported, "the origin does not serve ranges", status: 200))
        }
        return .deliver(range.count.rawValue)
    }

    private static func refusal(_ head: ResponseHead, _ validators: OriginValidators) -> ResponseVerdict? {
        if validators.isContradicted(etag: head["etag"], lastModified: head["last-modified"]) {
            return .fail(OriginError(.changed, "the content at the origin has changed", status: head.status))
        }
        guard head.isEncoded else { return nil }
        return .fail(OriginError(.contentEncoded, "the origin compresses the content", status: head.status))
    }

    private static func failure(_ head: ResponseHead) -> ResponseVerdict {
        let status = head.status
        switch status {
        case 404, 410: return .fail(OriginError(.notFound, "the origin does not have the file", status: status))
        case 401, 403, 407: return .fail(OriginError(.forbidden, "the origin refuses access", status: status))
        case 429, 503:
            let wait = head.retryAfter
            return .fail(OriginError(.throttled, "the origin asks for a pause", status: status, retryAfter: wait))
        default: return .fail(OriginError(.status, "the origin answered with status \(status)", status: status))
        }
    }
}
