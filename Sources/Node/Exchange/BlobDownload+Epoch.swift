internal import Download
internal import Logging
internal import Manifest
internal import PieceCache
internal import Swarm
internal import Transport
internal import Units

/// What control revokes is taken back: it is neither served nor counted until it is proven anew, and fetched again only
/// where it is not what is vouched for now.
extension BlobDownload {
    /// The blob's epoch has risen.
    func epochRaised() {
        var actions: [DownloadAction] = []
        followEpoch(BootClock.now(), &actions)
        perform(actions)
    }

    /// Whoever has raised it: control, or a peer's batch under a newer grant.
    func followEpoch(_ now: BootTime, _ actions: inout [DownloadAction]) {
        let epoch = blob.epoch
        guard epoch > knownEpoch else { return }
        knownEpoch = epoch
        let (provable, available) = (blob.provable, blob.cache.available)
        var lost: [PieceIndex] = []
        for piece in blob.geometry.pieceCount.indices {
            let isGone = engine.verified.contains(piece) && !available.contains(piece)
            if isGone || engine.isProvable(piece) && !provable.contains(piece) { lost.append(piece) }
        }
        runtime.logger.info(
            "hashes were revoked",
            metadata: ["blob": "\(blob.id)", "epoch": "\(epoch.rawValue)", "pieces": "\(lost.count)"]
        )
        recordWithdrawals()
        revoked(lost, now, &actions)
    }

    /// Hashes have come. What an earlier run has proven may be other bytes than they say.
    func proved(_ pieces: [PieceIndex], _ now: BootTime, _ actions: inout [DownloadAction]) {
        followEpoch(now, &actions)
        let wrong = pieces.filter { piece in
            guard let hashes = blob.cache.hashes(of: piece) else { return false }
            return blob.expectation(for: piece)?.matches(hashes) == false
        }
        if !wrong.isEmpty { takeBack(wrong, now, &actions) }
        engine.piecesProvable(pieces, at: now, into: &actions)
    }

    /// Pieces in the cache that are not what is vouched for now.
    func takeBack(_ pieces: [PieceIndex], _ now: BootTime, _ actions: inout [DownloadAction]) {
        blob.withdraw(pieces, before: blob.epoch)
        recordWithdrawals()
        revoked(pieces, now, &actions)
    }

    /// A piece that was withdrawn has a hash again.
    func reprove(_ piece: PieceIndex) {
        // Without one it was revoked once more, and will be told again.
        guard let expectation = blob.expectation(for: piece) else { return }
        Task {
            await recording?.value
            do throws(PieceCacheError) {
                if try await blob.cache.reprove(piece, expecting: expectation),
                    let hashes = blob.cache.hashes(of: piece)
                {
                    stored(piece, hashes)
                } else {
                    differs(piece)
                }
            } catch {
                failed(piece, error)
            }
        }
    }

    private func differs(_ piece: PieceIndex) {
        runtime.logger.info(
            "a piece is fetched anew",
            metadata: ["blob": "\(blob.id)", "piece": "\(piece.rawValue)"]
        )
        var actions: [DownloadAction] = []
        engine.pieceDiffers(piece, at: BootClock.now(), into: &actions)
        perform(actions)
    }

    private func revoked(_ pieces: [PieceIndex], _ now: BootTime, _ actions: inout [DownloadAction]) {
        reopen(now)
        engine.piecesRevoked(pieces, at: now, into: &actions)
        engine.piecesProvable(blob.provable.pieces, at: now, into: &actions)
        for (peer, record) in peers where !record.isInteresting && !isOver && plan.usesBitTorrent {
            guard engine.isWanted(of: source(peer)) else { continue }
            peers[peer]?.isInteresting = true
            blob.swarm.setInterested(true, peer)
        }
        fetchBatches()
    }

    private func recordWithdrawals() {
        let before = recording
        recording = Task {
            await before?.value
            do throws(PieceCacheError) {
                try await blob.cache.recordWithdrawals()
            } catch {
                runtime.logger.error("revoked pieces may be back after a restart", metadata: ["error": "\(error)"])
            }
        }
    }
}
