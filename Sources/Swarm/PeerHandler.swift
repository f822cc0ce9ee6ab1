internal import BitTorrent
internal import Logging
internal import Manifest
internal import NIOCore
internal import PieceCache
internal import Synchronization
internal import Transport
internal import Units

/// One connection: handshake, then messages both ways. Lives on its channel's event loop alone.
final class PeerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The ids by which we want extension messages.
    static let extensions: [String: UInt8] = ["ut_metadata": 1, "sl_manifest": 2]

    let session: SwarmSession
    let outgoing: PeerBootstrap.Outgoing?
    let counters = PeerCounters()
    var context: ChannelHandlerContext?
    var received = ByteBuffer()
    var swarm: BlobSwarm?
    var infoHash: InfoHash?
    var handle: PeerHandle?
    var connection: PeerConnectionState?
    var actions: [PeerAction] = []
    var arrived: [(peer: PeerHandle, block: Block, bytes: ByteBuffer)] = []
    /// What the peer was told that we have.
    var announced: PieceSet?
    /// Pieces whose batch has not come yet.
    var held = HeldPieces()
    var peerExtensions: [String: UInt8] = [:]
    /// Batches and grants that the peer has sent or been sent.
    var knownBatches: Set<Signature> = []
    var sentGrants: Set<Signature> = []
    var receivedGrants: [PullGrant] = []
    var flushRound: FlushRound?
    var isFlushScheduled = false
    var isPumpScheduled = false
    var readsUnderWay = 0
    var answers = 0
    /// Bytes of answers that the peer has not taken yet.
    var unreadAnswers = 0
    /// Bytes of blocks sent up to the last tick.
    var sentBefore: UInt64 = 0
    var isPending: Bool
    var handshakeTimer: Scheduled<Void>?
    var ticks: RepeatedTask?
    var lastReceived = BootTime.zero
    var lastSent = BootTime.zero
    var lastBlock = BootTime.zero
    var isSnubbed = false
    /// Where the peer says that it is reached, and whether it is at another site.
    var listens: SocketAddress?
    var isFar = false
    /// Its handshake came before the blob.
    var isEarly = false

    init(session: SwarmSession, outgoing: PeerBootstrap.Outgoing?) {
        self.session = session
        self.outgoing = outgoing
        isPending = outgoing == nil
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        flushRound = session.flushRound(on: context.eventLoop)
        lastReceived = BootClock.now()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        handshakeTimer = context.eventLoop.scheduleTask(in: .seconds(Limits.handshakeSeconds)) {
            if bound.value.handle == nil { bound.value.close() }
        }
        if context.channel.isActive { opened() }
    }

    func channelActive(context: ChannelHandlerContext) {
        opened()
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        ended()
        self.context = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        lastReceived = BootClock.now()
        do {
            if connection == nil {
                received.writeBuffer(&buffer)
                try handshakeArrived()
                swap(&received, &buffer)
                received.clear()
            }
            if connection != nil { try take(&buffer) } else { received = buffer }
        } catch {
            session.logger.debug("a peer broke the protocol", metadata: ["error": "\(error)"])
            close()
        }
        deliver()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        pump()
        context.flush()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            pump()
            context.flush()
        }
        context.fireChannelWritabilityChanged()
    }

    func close() { context?.close(promise: nil) }

    func send(_ message: PeerMessage) {
        guard let context else { return }
        lastSent = BootClock.now()
        context.write(wrapOutboundOut(context.channel.allocator.buffer(bytes: message.encoded)), promise: nil)
    }

    private var hasOpened = false
    private func opened() {
        guard !hasOpened, let outgoing else { return }
        hasOpened = true
        sendHandshake(outgoing.infoHash)
        context?.flush()
    }

    private func sendHandshake(_ infoHash: InfoHash) {
        guard let context else { return }
        let bytes = Handshake(infoHash: infoHash, peerID: session.peerID).encoded
        context.write(wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)), promise: nil)
    }

    private func handshakeArrived() throws {
        guard
            let bytes = received.getBytes(
                at: received.readerIndex,
                length: min(received.readableBytes, Handshake.byteCount)
            ), let handshake = try Handshake.decode(bytes), let context
        else { return }
        guard outgoing == nil || outgoing?.infoHash == handshake.infoHash else { return close() }
        guard let swarm = outgoing?.swarm ?? session.swarm(of: handshake.infoHash) else {
            return awaitBlob(handshake.infoHash, context)
        }
        received.moveReaderIndex(forwardBy: Handshake.byteCount)
        let entry = PeerEntry(
            peerID: handshake.peerID,
            kind: outgoing?.kind ?? .unknown,
            isOutgoing: outgoing != nil,
            channel: context.channel,
            handler: NIOLoopBound(self, eventLoop: context.eventLoop),
            counters: counters
        )
        hasJoined = true
        endPending()
        self.swarm = swarm
        infoHash = handshake.infoHash
        let state = PeerConnectionState(geometry: swarm.cache.geometry, speaksFast: handshake.speaksFast)
        guard let handle = swarm.joined(entry, address: outgoing?.address ?? context.channel.remoteAddress) else {
            return close()
        }
        self.handle = handle
        connection = state
        handshakeTimer?.cancel()
        if outgoing == nil { sendHandshake(handshake.infoHash) }
        sendOpening(handshake, swarm)
        if handshake.speaksFast { swarm.advisable(handle) }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        ticks = context.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            bound.value.ticked()
        }
    }

    /// The handshake is for a blob that may just be opened here: it is looked at again once it is.
    private func awaitBlob(_ infoHash: InfoHash, _ context: ChannelHandlerContext) {
        guard !isEarly else { return }
        isEarly = true
        try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        let loop = context.eventLoop
        let bound = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleTask(in: .seconds(Limits.earlyHandshakeSeconds)) {
            if bound.value.handle == nil { bound.value.close() }
        }
        session.whenRegistered(infoHash, on: loop) { loop.execute { bound.value.blobOpened() } }
    }

    private func blobOpened() {
        guard let context, connection == nil else { return }
        do {
            try handshakeArrived()
            guard connection != nil else { return }
            var buffer = ByteBuffer()
            swap(&received, &buffer)
            try take(&buffer)
        } catch {
            session.logger.debug("a peer broke the protocol", metadata: ["error": "\(error)"])
            close()
        }
        try? context.channel.syncOptions?.setOption(.autoRead, value: true)
        deliver()
        pump()
        context.flush()
    }

    private func sendOpening(_ handshake: Handshake, _ swarm: BlobSwarm) {
        let available = swarm.cache.available
        announced = available
        if handshake.speaksFast, available.isFull {
            send(.haveAll)
        } else if handshake.speaksFast, available.isEmpty {
            send(.haveNone)
        } else {
            send(.bitField(available.bitField))
        }
        guard handshake.speaksExtensions else { return }
        let size = infoHash.flatMap { swarm.torrentInfo(of: $0) }?.count
        let port = session.listenPort.load(ordering: .relaxed)
        let hello = ExtensionHandshake(
            identifiers: Self.extensions,
            metadataSize: size.flatMap { $0 <= BitTorrent.Limits.maximumMetadataBytes ? $0 : nil },
            requestQueue: BitTorrent.Limits.maximumQueuedRequests,
            client: "Sluice",
            port: port == 0 ? nil : port,
            site: session.site.isEmpty ? nil : session.site
        )
        send(.extended(0, hello.encoded))
        // Pieces that came between the snapshot and now.
        for piece in swarm.cache.available.pieces where !available.contains(piece) { pieceAvailable(piece) }
    }

    private var hasJoined = false
    private var hasEnded = false
    private func ended() {
        guard !hasEnded else { return }
        hasEnded = true
        handshakeTimer?.cancel()
        ticks?.cancel()
        endPending()
        if let handle, let swarm {
            swarm.left(handle)
        } else if let outgoing {
            if hasJoined {
                outgoing.swarm.emit(.handshakeFailed(outgoing.address))
            } else {
                outgoing.handshakeFailed()
            }
        }
    }

    private func endPending() {
        if isPending { session.handshakeEnded() }
        isPending = false
    }
}
