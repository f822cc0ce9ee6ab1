import NIOCore

/// One agent's connection of the moment: its bytes to and from a `LeanStream`.
final class AgentChannel: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let crowd: AgentCrowd
    private let agent: Int
    private var stream = LeanStream()

    init(crowd: AgentCrowd, agent: Int) {
        self.crowd = crowd
        self.agent = agent
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(crowd.opened(agent, context.channel)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var events: [LeanStream.Event] = []
        var answer = ByteBuffer()
        stream.bytesArrived(unwrapInboundIn(data), into: &events, answer: &answer)
        var isOver = false
        for event in events {
            switch event {
            case .message(let message): crowd.messageArrived(message, at: agent, answer: &answer)
            case .goAway: break
            case .ended: isOver = true
            }
        }
        if answer.readableBytes > 0 { context.writeAndFlush(wrapOutboundOut(answer), promise: nil) }
        if isOver { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) { crowd.lost(agent) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
