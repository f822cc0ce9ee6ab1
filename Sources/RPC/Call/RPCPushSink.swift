package import NIOCore

/// A call's outgoing side for those who must not wait: what a slow peer does not take stays with the caller.
package protocol RPCPushSink: Sendable {
    /// Sends one encoded message, uncompressed, unless `limit` bytes wait already: then it returns false, nothing is sent,
    /// and `whenRoom` is called once, on any thread, when half of them have left. Throws once the call has ended.
    func push(_ message: ByteBuffer, limit: Int, whenRoom: @escaping @Sendable () -> Void) throws(RPCError) -> Bool
    /// Lets the handler see the end of the requests, so that it returns and the call ends well.
    func endRequests()
    /// Breaks the call off.
    func abort()
}
