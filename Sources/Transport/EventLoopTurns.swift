internal import CLinux
internal import Glibc
package import NIOCore
internal import NIOPosix

/// Turns of an event loop. A loop of NIO's runs tasks until none is left, those included that tasks add, before it looks at
/// its sockets again; what is put off to the next turn waits until it has. An eventfd that is readable at once calls for it.
package final class EventLoopTurns: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer

    private static let ofThread = ThreadSpecificVariable<NIOLoopBoundBox<EventLoopTurns>>()
    /// What an eventfd takes: a number of the machine's.
    private static let call = ByteBuffer(integer: UInt64(1), endianness: .host)

    private var waiting: [() -> Void] = []
    private var channel: (any Channel)?
    private var isOver = false

    private init() {}

    /// Runs `body` in the next turn of `loop`, on which this is called; behind the tasks that wait where the loop has no
    /// sockets (tests), or ends.
    package static func next(on loop: any EventLoop, _ body: @escaping () -> Void) {
        loop.preconditionInEventLoop()
        guard let turns = ofThread.currentValue?.value ?? began(on: loop), !turns.isOver else {
            let bound = NIOLoopBound(body, eventLoop: loop)
            return loop.execute { bound.value() }
        }
        turns.waiting.append(body)
        if turns.waiting.count == 1 { turns.callForTurn() }
    }

    private static func began(on loop: any EventLoop) -> EventLoopTurns? {
        guard let bootstrap = NIOPipeBootstrap(validatingGroup: loop) else { return nil }
        let turns = EventLoopTurns()
        ofThread.currentValue = NIOLoopBoundBox(turns, eventLoop: loop)
        let file = CLinux_event_file()
        guard file >= 0 else {
            turns.isOver = true
            return turns
        }
        let bound = NIOLoopBound(turns, eventLoop: loop)
        bootstrap
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(bound.value) }
            }
            .takingOwnershipOfDescriptor(inputOutput: file)
            .whenFailure { _ in
                close(file)
                bound.value.end()
            }
        return turns
    }

    private func callForTurn() { channel?.writeAndFlush(Self.call, promise: nil) }

    private func takeTurn() {
        let bodies = waiting
        waiting = []
        for body in bodies { body() }
    }

    private func end() {
        isOver = true
        channel = nil
        takeTurn()
    }

    package func channelActive(context: ChannelHandlerContext) {
        channel = context.channel
        if !waiting.isEmpty { callForTurn() }
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) { takeTurn() }

    package func channelInactive(context: ChannelHandlerContext) { end() }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
