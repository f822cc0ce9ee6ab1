/// The incoming messages of a call, in order; iterated once, by one task.
package struct RPCReader<Message: RPCMessage>: AsyncSequence, Sendable {
    package typealias Element = Message
    package typealias Failure = RPCError
    private let source: any RPCMessageSource

    /// A reader over any source.
    package init(_ source: any RPCMessageSource) {
        self.source = source
    }

    /// The messages as the wire has them; nil where the call does not travel by gRPC.
    package var encodedSource: (any RPCEncodedSource)? { source as? any RPCEncodedSource }

    /// The next message, or nil after the last; throws the call's status where that is not OK.
    package func next() async throws(RPCError) -> Message? {
        try await source.next(Message.self)
    }

    /// Every message that is left.
    package func all() async throws(RPCError) -> [Message] {
        var messages: [Message] = []
        while let message = try await next() { messages.append(message) }
        return messages
    }

    package func makeAsyncIterator() -> Iterator {
        Iterator(reader: self)
    }

    /// Reads the same messages as the reader itself.
    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let reader: RPCReader

        package mutating func next() async throws(RPCError) -> Message? {
            try await reader.next()
        }
        package mutating func next(isolation actor: isolated (any Actor)?) async throws(RPCError) -> Message? {
            try await reader.next()
        }
    }
}
