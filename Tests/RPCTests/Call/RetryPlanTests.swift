import Testing

@testable import RPC

struct RetryPlanTests {
    private func policy(attempts: Int = 4) -> RPCRetryPolicy {
        var policy = RPCRetryPolicy()
        policy.attempts = attempts
        return policy
    }

    @Test(arguments: 0..<20 as Range<UInt64>) func `waits are random below a bound that doubles`(seed: UInt64) throws {
        var (plan, throttle) = (RetryPlan(policy(), seed: seed), RetryThrottle())
        for bound in [100, 200, 400] {
            let wait = try #require(plan.attemptFailed(.unavailable, throttle: &throttle))
            #expect(wait >= .zero && wait <= .milliseconds(bound))
        }
        #expect(plan.attemptFailed(.unavailable, throttle: &throttle) == nil)
    }

    @Test(arguments: [(2, 2), (5, 5), (100, 5)]) func `attempts are capped at five`(asked: Int, made: Int) {
        var (plan, throttle) = (RetryPlan(policy(attempts: asked), seed: 1), RetryThrottle())
        var attempts = 1
        while plan.attemptFailed(.unavailable, throttle: &throttle) != nil { attempts += 1 }
        #expect(attempts == made)
    }

    @Test func `the server's pushback is the wait`() {
        var (plan, throttle) = (RetryPlan(policy(), seed: 1), RetryThrottle())
        #expect(plan.attemptFailed(.unavailable, pushback: "1234", throttle: &throttle) == .milliseconds(1234))
        #expect(plan.attemptFailed(.unavailable, pushback: "0", throttle: &throttle) == .zero)
    }

    @Test(arguments: ["-1", "", "soon", "1.5", "99999999999"]) func `a pushback that is no wait forbids retries`(
        pushback: String
    ) {
        var (plan, throttle) = (RetryPlan(policy(), seed: 1), RetryThrottle())
        #expect(plan.attemptFailed(.unavailable, pushback: pushback, throttle: &throttle) == nil)
    }

    @Test func `a committed call and a code that is not the policy's are not tried again`() {
        var throttle = RetryThrottle()
        var committed = RetryPlan(policy(), seed: 1)
        #expect(committed.attemptFailed(.unavailable, isCommitted: true, throttle: &throttle) == nil)
        var refused = RetryPlan(policy(), seed: 1)
        #expect(refused.attemptFailed(.notFound, throttle: &throttle) == nil)
    }

    @Test func `a server that fails half of the time is left alone, and comes back by successes`() {
        var throttle = RetryThrottle()
        for _ in 0..<5 { throttle.failed() }
        #expect(!throttle.allowsRetries)
        var plan = RetryPlan(policy(), seed: 1)
        #expect(plan.attemptFailed(.unavailable, throttle: &throttle) == nil)
        for _ in 0..<20 { throttle.succeeded() }
        #expect(throttle.allowsRetries)
    }
}
