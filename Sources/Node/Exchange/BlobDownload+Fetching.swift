internal import Download
internal import HTTP
internal import Logging
internal import Manifest
internal import NIOCore
internal import OriginClient
internal import SluiceAPI
internal import Transport
internal import Units

extension BlobDownload {
    /// Fetches a range of one piece over HTTP, from a relay or, under a lease, from the origin.
    func fetch(_ source: SourceID, _ piece: PieceIndex, _ range: ByteRange) {
        let key = Fetch(source: source, piece: piece)
        fetches[key]?.task.cancel()
        fetchCount += 1
        let number = fetchCount
        let cutter = BlockCutter(geometry: blob.geometry, piece: piece, range: range)
        if let origin, origin.source == source {
            let task = Task {
                let isDone = await origin.fetch(range) { await self.arrived(source, cutter.cut($0)) }
                fetchEnded(key, number, failed: !isDone)
            }
            fetches[key] = (number, task)
            return
        }
        guard let relay = relays[source] else { return fetchEnded(key, nil, failed: true) }
        let task = Task {
            do {
                let stream = try await relay.fetch(blob.id, range)
                try await withTaskCancellationHandler {
                    for try await bytes in stream.body { arrived(source, cutter.cut(bytes)) }
                } onCancel: {
                    stream.reset(.cancel)
                }
                httpAnswered()
                sampleEnded(key, bytes: range.count, failed: !cutter.isDone)
                fetchEnded(key, number, failed: !cutter.isDone)
            } catch {
                sampleEnded(key, bytes: .zero, failed: true)
                fetchEnded(key, number, failed: !Task.isCancelled)
            }
        }
        fetches[key] = (number, task)
    }

    private func arrived(_ source: SourceID, _ blocks: [(block: Block, bytes: ByteBuffer)]) {
        var actions: [DownloadAction] = []
        for (block, bytes) in blocks {
            if engine.blockArrived(source, block, at: BootClock.now(), into: &actions) { assembly.add(block, bytes) }
        }
        perform(actions)
    }

    /// One that another has taken the place of has nothing to say any more.
    private func fetchEnded(_ key: Fetch, _ number: UInt64?, failed: Bool) {
        guard fetches[key]?.number == number else { return }
        fetches.removeValue(forKey: key)
        var actions: [DownloadAction] = []
        engine.fetchEnded(key.source, key.piece, failed: failed, at: BootClock.now(), into: &actions)
        perform(actions)
    }

    // MARK: Origin

    /// The origin becomes a source once the lease has a connection for it, and stops being one when it is gone.
    func wantOrigin(_ isWanted: Bool) {
        guard isWanted else {
            origin?.stop()
            origin = nil
            return
        }
        guard origin == nil, let given = plan.origin else { return }
        originCount += 1
        let source = SourceID(rawValue: 1_000_001 + 2 * originCount)
        let fetcher = OriginFetcher(
            source: source,
            origin: given.origin,
            blob: given.blob,
            distribution: given.distribution,
            priority: given.priority,
            runtime: runtime
        )
        origin = fetcher
        fetcher.start {
            await self.originOpened(source)
        } closed: {
            await self.originClosed(source)
        }
    }

    private func originOpened(_ source: SourceID) {
        guard origin?.source == source else { return }
        var actions: [DownloadAction] = []
        let all = PieceSet(full: blob.geometry.pieceCount)
        engine.sourceAdded(source, .originHTTP, has: all, isChoked: false, at: BootClock.now(), into: &actions)
        perform(actions)
    }

    private func originClosed(_ source: SourceID) {
        var actions: [DownloadAction] = []
        engine.sourceLost(source, at: BootClock.now(), into: &actions)
        perform(actions)
    }
}
