/// Which sides of a call send a stream of messages instead of exactly one.
package enum RPCKind: Hashable, Sendable, CaseIterable {
    case unary, clientStreaming, serverStreaming, bidirectional

    /// Whether the request is exactly one message.
    package var hasSingleRequest: Bool { self == .unary || self == .serverStreaming }
    /// Whether the response, of a call that ends well, is exactly one message.
    package var hasSingleResponse: Bool { self == .unary || self == .clientStreaming }
}
