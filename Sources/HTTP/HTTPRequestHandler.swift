/// Answers requests. Each runs in a task of its own, on the connection's event loop where it does not hop away, and is
/// cancelled when the peer resets it or goes away.
package protocol HTTPRequestHandler: Sendable {
    func handle(_ request: HTTPServerRequest) async
}
