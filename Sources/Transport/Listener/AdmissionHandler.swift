internal import NIOCore

/// Accepts new connections at a bounded rate; the rest wait in the kernel's backlog, and beyond that their clients try
/// again. Sits on the listening channel.
final class AdmissionHandler: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never
    typealias OutboundOut = Never

    private var gate: AdmissionGate
    private var timer: Scheduled<Void>?

    init(gate: AdmissionGate) { self.gate = gate }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        gate.connectionAccepted(at: BootClock.now())
        context.fireChannelRead(data)
    }

    /// Asked before each round of accepts.
    func read(context: ChannelHandlerContext) {
        guard let wait = gate.wait(at: BootClock.now()) else { return context.read() }
        guard timer == nil else { return }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: TimeAmount(wait)) {
            let (handler, context) = bound.value
            handler.timer = nil
            handler.read(context: context)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }
}
