import NIOCore

/// The connection of the moment of some agents: its bytes to and from a `LeanConnection`.
final class AgentChannel: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let crowd: AgentCrowd
    private let group: Int
    private let agents: Range<Int>
    private var connection: LeanConnection

    init(crowd: AgentCrowd, group: Int) {
        self.crowd = crowd
        self.group = group
        self.agents = crowd.plan.agents(of: group)
        self.connection = LeanConnection(calls: agents.count)
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(crowd.opened(group, context.channel)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var events: [LeanConnection.Event] = []
        var answer = ByteBuffer()
        connection.bytesArrived(unwrapInboundIn(data), into: &events, answer: &answer)
        var isOver = false
        for event in events {
            switch event {
            case .message(let call, let message):
                crowd.messageArrived(message, at: agents.lowerBound + call, answer: &answer)
            case .goAway: break
            case .ended: isOver = true
            }
        }
        if answer.readableBytes > 0 { context.writeAndFlush(wrapOutboundOut(answer), promise: nil) }
        if isOver { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) { crowd.lost(group) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
