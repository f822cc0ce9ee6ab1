internal import BitTorrent
internal import Manifest
internal import NIOCore
internal import PieceCache
internal import Synchronization
internal import Transport
internal import Units

extension PeerHandler {
    /// Takes every whole message off what was read. Whole ones are cut out of it; one that is cut off is copied into a
    /// buffer of its own length, so that small reads hold no large buffers.
    func take(_ bytes: inout ByteBuffer) throws {
        while bytes.readableBytes > 0 {
            if received.readableBytes > 0 {
                guard try completeFrame(from: &bytes) else { return }
                try messagesArrived(in: &received)
                received = ByteBuffer()
            } else {
                try messagesArrived(in: &bytes)
                let whole = PeerWire.expectedByteCount(in: bytes.readableBytesUInt8Span) ?? bytes.readableBytes
                received.reserveCapacity(whole)
                received.writeBuffer(&bytes)
            }
        }
    }

    /// Moves bytes until the message at the front is whole; false where they do not suffice.
    private func completeFrame(from bytes: inout ByteBuffer) throws(WireError) -> Bool {
        if received.readableBytes < 4,
            var part = bytes.readSlice(length: min(bytes.readableBytes, 4 - received.readableBytes))
        {
            received.writeBuffer(&part)
        }
        guard let length = PeerWire.expectedByteCount(in: received.readableBytesUInt8Span) else { return false }
        guard length <= BitTorrent.Limits.maximumMessageBytes + 4 else { throw .messageTooLong }
        received.reserveCapacity(length)
        if var part = bytes.readSlice(length: min(bytes.readableBytes, max(0, length - received.readableBytes))) {
            received.writeBuffer(&part)
        }
        return received.readableBytes >= length
    }

    private func messagesArrived(in buffer: inout ByteBuffer) throws {
        while let frame = try Self.frame(in: buffer) {
            let bytes = buffer.readSlice(length: frame.byteCount)
            guard let swarm else { return }
            let cache = swarm.cache
            try connection?.messageArrived(
                frame.message,
                have: { self.announced?.contains($0) ?? false || cache.available.contains($0) },
                into: &actions
            )
            for action in actions { try perform(action, frame: bytes, swarm) }
            actions.removeAll(keepingCapacity: true)
        }
    }

    private static func frame(in buffer: ByteBuffer) throws(WireError) -> PeerFrame? {
        try PeerWire.frame(in: buffer.readableBytesUInt8Span)
    }

    /// Hands on what one read brought.
    func deliver() {
        guard !arrived.isEmpty else { return }
        swarm?.emit(.blocks(arrived))
        arrived.removeAll(keepingCapacity: true)
    }

    private func perform(_ action: PeerAction, frame: ByteBuffer?, _ swarm: BlobSwarm) throws {
        guard let handle else { return }
        switch action {
        case .received(let block):
            guard
                let bytes = frame?.getSlice(
                    at: (frame?.writerIndex ?? 0) - Int(block.length),
                    length: Int(block.length)
                )
            else { return }
            counters.received.add(UInt64(block.length), ordering: .relaxed)
            lastBlock = BootClock.now()
            isSnubbed = false
            arrived.append((peer: handle, block: block, bytes: bytes))
            return
        case .uploadQueued: return
        case .send(let message): return try answer(message)
        default: break
        }
        // Blocks of this read come before what followed them.
        deliver()
        switch action {
        case .peerHas(let pieces):
            swarm.peerHas(handle, pieces)
            swarm.emit(.have(handle, pieces))
        case .peerHasSet(let set):
            swarm.peerHas(handle, set.pieces)
            swarm.emit(.bitField(handle, set))
        case .peerSuggests(let piece): swarm.emit(.suggested(handle, piece))
        case .peerChoked: swarm.emit(.choked(handle))
        case .peerUnchoked: swarm.emit(.unchoked(handle))
        case .peerInterested: swarm.interestChanged(true, handle)
        case .peerNotInterested: swarm.interestChanged(false, handle)
        case .rejected(let block): swarm.emit(.rejected(handle, block))
        case .extended(let id, let payload): try extended(id, payload, swarm)
        case .hashRequested(let request):
            answers += 1
            guard mayAnswer, let layers = swarm.pieceLayers,
                let hashes = request.answer(from: layers, geometry: swarm.cache.geometry)
            else { return try answer(.hashReject(request)) }
            try answer(.hashes(request, hashes))
        case .received, .uploadQueued, .send: break
        }
    }

    private func extended(_ id: UInt8, _ payload: [UInt8], _ swarm: BlobSwarm) throws {
        switch id {
        case 0:
            let hello = try ExtensionHandshake(decoding: payload)
            peerExtensions = hello.identifiers
            if let port = hello.port, outgoing == nil, let handle, var address = context?.channel.remoteAddress {
                address.port = Int(port)
                listens = address
                swarm.emit(.listens(handle, address))
            }
            if let site = hello.site, !session.site.isEmpty, site != session.site, let handle {
                isFar = true
                swarm.isFar(handle)
            }
            batchesPublished(swarm.ownBatches, toAll: true)
        case Self.extensions["ut_metadata"]:
            guard let theirs = peerExtensions["ut_metadata"], let infoHash,
                case .request(let piece)? = try MetadataMessage.decode(payload)
            else { return }
            answers += 1
            let info = mayAnswer ? swarm.torrentInfo(of: infoHash) : nil
            try answer(.extended(theirs, MetadataMessage.answer(piece: piece, info: info).encoded))
        case Self.extensions["sl_manifest"]: try manifestMessage(payload, swarm)
        default: return
        }
    }

    /// Large answers only for who reads them, and not too many at a time.
    private var mayAnswer: Bool {
        answers <= Limits.answersPerSecond && unreadAnswers < Limits.unreadAnswerBytes / 4
    }

    /// What the peer made us say: it has to read it, or go.
    private func answer(_ message: PeerMessage) throws(WireError) {
        guard let context else { return }
        lastSent = BootClock.now()
        let buffer = context.channel.allocator.buffer(bytes: message.encoded)
        let length = buffer.readableBytes
        unreadAnswers += length
        guard unreadAnswers <= Limits.unreadAnswerBytes else { throw .answersUnread }
        let written = context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        written.futureResult.whenComplete { _ in bound.value.unreadAnswers -= length }
        context.write(wrapOutboundOut(buffer), promise: written)
    }

    /// Sends the queued blocks for as long as the channel takes them; the caller flushes.
    func pump() {
        guard let context, let swarm else { return }
        while context.channel.isWritable, readsUnderWay < Limits.readsUnderWay, mayUpload(swarm, context),
            let block = connection?.nextUpload()
        {
            session.uploadShaper.charge(ByteCount(block.length))
            swarm.uploadShaper.charge(ByteCount(block.length))
            let start = swarm.cache.geometry.range(of: block.piece).start + UInt64(block.offset)
            let range = ByteRange(start: start, count: ByteCount(block.length))
            var buffer = context.channel.allocator.buffer(
                capacity: PeerMessage.pieceHeaderByteCount + Int(block.length)
            )
            buffer.writeBytes(PeerMessage.piece(block).encoded)
            if swarm.cache.readNow(range, into: &buffer) {
                write(buffer, block)
            } else {
                readFromDisk(block, range, buffer, swarm.cache, context.eventLoop)
            }
        }
    }

    /// False while the rate is used up; then the queue is looked at again in a moment.
    private func mayUpload(_ swarm: BlobSwarm, _ context: ChannelHandlerContext) -> Bool {
        let wait = max(session.uploadShaper.wait, swarm.uploadShaper.wait)
        guard wait > .zero else { return true }
        guard !isPumpScheduled, connection?.queuedUploads ?? 0 > 0 else { return false }
        isPumpScheduled = true
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .nanoseconds(wait.nanoseconds)) {
            bound.value.isPumpScheduled = false
            bound.value.pump()
            bound.value.context?.flush()
        }
        return false
    }

    private func readFromDisk(
        _ block: Block,
        _ range: ByteRange,
        _ header: ByteBuffer,
        _ cache: BlobCache,
        _ loop: any EventLoop
    ) {
        readsUnderWay += 1
        let bound = NIOLoopBound(self, eventLoop: loop)
        Task {
            let bytes = try? await cache.read(range)
            loop.execute { bound.value.diskAnswered(block, header, bytes) }
        }
    }

    private func diskAnswered(_ block: Block, _ header: ByteBuffer, _ bytes: ByteBuffer?) {
        readsUnderWay -= 1
        if var bytes, connection?.isChoking == false {
            var whole = header
            whole.clear()
            whole.writeBytes(PeerMessage.piece(block).encoded)
            whole.writeBuffer(&bytes)
            write(whole, block)
        } else if connection?.speaksFast == true {
            send(.reject(block))
        }
        pump()
        context?.flush()
    }

    private func write(_ buffer: ByteBuffer, _ block: Block) {
        lastSent = BootClock.now()
        counters.sent.add(UInt64(block.length), ordering: .relaxed)
        context?.write(wrapOutboundOut(buffer), promise: nil)
    }
}
