/// Every limit of the origin client; times are in nanoseconds unless they say otherwise.
enum Limits {
    /// TCP and TLS set-up, in milliseconds.
    static let connectTimeoutMilliseconds = 10_000
    /// No byte for this long ends a fetch, unless we paused it ourselves.
    static let stallNanoseconds: UInt64 = 20_000_000_000
    /// Bytes a consumer may leave unread before its transfer is paused.
    static let unreadBytes = 1 << 20
    /// Redirects followed for one fetch.
    static let redirects = 5
    /// The head of one response, in bytes.
    static let headBytes = 64 << 10
    /// A body that nobody wants is read up to here to keep the connection, and cut off beyond.
    static let drainedBytes = 64 << 10
    /// The longest URL.
    static let urlBytes = 8192
    /// The longest Retry-After that is believed, in seconds.
    static let retryAfterSeconds: Int64 = 86_400
    /// How far a rate may be overdrawn before the transfer pauses: about one read of libcurl.
    static let rateSlackNanoseconds: UInt64 = 20_000_000
    /// libcurl's read buffer, in bytes.
    static let readBufferBytes = 256 << 10
}
