internal import Units

/// What the curl thread is asked to do. Connections go by number.
enum OriginCommand: Sendable {
    case open(UInt64, OriginAccessPolicy)
    case fetch(UInt64, FetchOrder)
    case changeRate(UInt64, BytesPerSecond?)
    /// The consumer has caught up.
    case resume(UInt64)
    case cancel(UInt64, BodyPipe)
    case close(UInt64, (@Sendable () -> Void)?)
    case shutDown(@Sendable () -> Void)
}
