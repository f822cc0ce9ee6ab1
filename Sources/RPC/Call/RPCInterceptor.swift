/// Runs around every call of a server, health and reflection included: it judges the caller, sets task-local values,
/// measures. Throwing before `proceed` refuses the call; what it throws becomes the status.
package typealias RPCInterceptor =
    @Sendable (_ context: RPCServerContext, _ proceed: @escaping @Sendable () async throws -> Void) async throws -> Void
