/// Every limit of the ways in that are not gRPC, with its unit and default. Messages, metadata and deadlines have the
/// limits of gRPC (`RPCLimits`), connections those of `HTTPLimits`.
package struct WebLimits: Hashable, Sendable {
    /// How long the body of a request that is one message may take to arrive.
    package var bodyDeadline = Duration.seconds(60)
    /// The longest query of a URL, in bytes.
    package var maximumQueryBytes = 8 * 1024
    /// Parameters in one query.
    package var maximumParameters = 256
    /// Answers shorter than this are not compressed, in bytes: they fit one packet as they are.
    package var compressionThreshold = 1024
    /// A stream of server-sent events without an event for this long gets a comment, so that what stands between does
    /// not take it for dead.
    package var keepAliveInterval = Duration.seconds(15)
    /// How long a browser may remember what it was allowed.
    package var preflightLifetime = Duration.seconds(7200)

    /// The defaults above.
    package init() {}
}
