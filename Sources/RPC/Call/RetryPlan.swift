internal import Units

/// Whether and when one call is tried again: gRPC's A6, as a machine.
///
/// | the attempt failed | then |
/// | --- | --- |
/// | after the response's head | never again: the server has committed itself |
/// | with pushback of n ms | after n ms, while attempts and tokens are left |
/// | with pushback that is negative or no number | never again |
/// | with a code of the policy | after a random wait below a growing bound, while attempts and tokens are left |
/// | otherwise | never again |
package struct RetryPlan: Sendable {
    private let policy: RPCRetryPolicy
    private var bound: Double
    private var generator: SeededGenerator
    /// Attempts that have failed.
    package private(set) var failures = 0

    /// The plan of a call that has not been tried yet.
    package init(_ policy: RPCRetryPolicy, seed: UInt64) {
        self.policy = policy
        self.bound = policy.initial.seconds
        self.generator = SeededGenerator(seed: seed)
    }

    /// An attempt failed; the wait before the next one, or nil where there is none. `pushback`: when the server says
    /// to come back, as it said it. `isCommitted`: a response's head came that was not the whole response.
    package mutating func attemptFailed(
        _ code: RPCStatusCode,
        pushback: String? = nil,
        isCommitted: Bool = false,
        throttle: inout RetryThrottle
    ) -> Duration? {
        failures += 1
        guard policy.codes.contains(code) || pushback != nil else {
            throttle.succeeded()
            return nil
        }
        throttle.failed()
        guard !isCommitted, policy.codes.contains(code), throttle.allowsRetries else { return nil }
        guard failures < min(policy.attempts, RPCRetryPolicy.maximumAttempts) else { return nil }
        if let pushback {
            guard let milliseconds = UInt32(pushback) else { return nil }
            bound = policy.initial.seconds
            return .milliseconds(Int64(milliseconds))
        }
        defer { bound = min(bound * policy.multiplier, policy.maximum.seconds) }
        return .seconds(Double.random(in: 0...bound, using: &generator))
    }
}
