/// How a call that failed before the server committed itself is tried again (gRPC's proposal A6). Off unless a caller
/// asks for it: only the caller knows that doing a thing twice does no harm.
package struct RPCRetryPolicy: Hashable, Sendable {
    /// The most attempts a policy can ask for, the first included. A6's cap.
    package static let maximumAttempts = 5

    /// Attempts in all, 2 to `maximumAttempts`; what is above counts as that.
    package var attempts = 4
    /// The bound of the first wait, which is random below it.
    package var initial = Duration.milliseconds(100)
    /// The bound of the longest wait.
    package var maximum = Duration.seconds(5)
    /// By how much each bound is larger than the one before.
    package var multiplier = 2.0
    /// The codes that are tried again.
    package var codes: Set<RPCStatusCode> = [.unavailable]

    /// The defaults above.
    package init() {}
}
