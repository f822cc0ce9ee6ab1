package import NIOCore

/// The bytes of one fetch, in order. One consumer; the transfer pauses while it is more than 1 MiB behind. Letting go
/// of the body, or cancelling the task that reads it, ends the transfer.
package final class OriginBody: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer
    package typealias Failure = OriginError

    private let pipe: BodyPipe
    private let connection: OriginConnection

    init(pipe: BodyPipe, connection: OriginConnection) {
        self.pipe = pipe
        self.connection = connection
    }

    deinit { cancel() }

    /// Bytes of content received so far, read or not: what the origin has been charged with.
    package var receivedBytes: UInt64 { pipe.received }

    /// Ends the transfer; what has arrived can still be read.
    package func cancel() {
        guard !pipe.isEnded else { return }
        pipe.finish(OriginError(.cancelled, "the fetch was cancelled"))
        connection.cancel(pipe)
    }

    package func makeAsyncIterator() -> Iterator { Iterator(body: self) }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let body: OriginBody

        /// The next bytes; nil after the last. Throws what ended the transfer early, once all that arrived is read.
        package mutating func next() async throws(OriginError) -> ByteBuffer? {
            try await body.next()
        }

        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(OriginError) -> ByteBuffer? {
            try await body.next()
        }
    }

    private func next() async throws(OriginError) -> ByteBuffer? {
        while true {
            if let (bytes, resumes) = try pipe.take() {
                if resumes { connection.consumerCaughtUp() }
                return bytes
            }
            await withTaskCancellationHandler {
                await pipe.wait()
            } onCancel: {
                cancel()
            }
        }
    }
}
