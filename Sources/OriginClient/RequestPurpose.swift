internal import Units

/// What a request is made for.
enum RequestPurpose: Hashable, Sendable {
    /// HEAD: what is there.
    case head
    /// GET of byte 0, where HEAD did not tell enough.
    case firstByte
    /// GET of a range of a content that is known.
    case range(ByteRange, OriginValidators)
}
