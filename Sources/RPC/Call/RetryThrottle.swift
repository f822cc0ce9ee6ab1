/// Keeps retries from burying a server that is down: gRPC's A6, one for each server.
///
/// Every failure takes a token, every success gives back a tenth of one; at half or below nothing is tried again.
package struct RetryThrottle: Hashable, Sendable {
    /// Tokens at the start, and the most there are. A6's example.
    package static let maximumTokens = 10.0
    /// What a success gives back. A6's example.
    package static let tokenRatio = 0.1

    private var tokens = Self.maximumTokens

    /// A full one.
    package init() {}

    /// Whether there may be retries now.
    package var allowsRetries: Bool { tokens > Self.maximumTokens / 2 }

    /// A call failed in a way that is tried again, or the server asked not to try again.
    package mutating func failed() { tokens = max(0, tokens - 1) }

    /// A call ended well, or in a way that is not tried again.
    package mutating func succeeded() { tokens = min(Self.maximumTokens, tokens + Self.tokenRatio) }
}
