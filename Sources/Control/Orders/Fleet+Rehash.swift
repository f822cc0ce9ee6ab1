internal import Logging
internal import SluiceAPI
internal import Store
internal import Units

extension Fleet {
    /// Raises the epoch of a distribution's blob, for all distributions of it: stored first, then told to every node.
    func rehash(_ id: DistributionID) async throws -> Distribution {
        guard let blob = try await store.distribution(id)?.blob, let record = try await store.blob(blob) else {
            throw UserError(.notFound, "no distribution is named \(id)")
        }
        guard record.publisherTorrent.isEmpty else {
            throw UserError(.failedPrecondition, "the hashes of \(id) are its publisher's, not those of relays")
        }
        let raised = (blobs[blob]?.record ?? record).rehashed
        try await store.updateBlob(raised)
        blobs[blob]?.raise(to: raised)
        logger.notice("\(id): hashes before epoch \(raised.epoch.rawValue) are revoked; relays sign anew")
        try await tellAll(blob, epoch: raised.epoch)
        return try await distribution(id)
    }

    /// Relays first: agents wait for what these sign.
    func tellAll(_ blob: BlobID, epoch: Epoch) async throws {
        try await grantAgain(blob, to: relayTasks(of: blob).map(\.node), alsoDone: true)
        try await assignAgain(blob, epoch: epoch)
    }

    /// The agents' tasks with the blob's new epoch; those that were done have to prove it again.
    private func assignAgain(_ blob: BlobID, epoch: Epoch) async throws {
        var changed: [TaskRecord] = []
        var work = RenewedWork { work in
            guard case .assignment(var assignment) = work else { return nil }
            assignment.epoch = epoch.rawValue
            return .assignment(assignment)
        }
        for active in distributions.values where active.record.blob == blob {
            for task in active.tasks.values where task.record.kind == .agent && task.record.state != .failed {
                guard let renewed = work.renewed(task.record.payload) else { continue }
                changed.append(task.record.revised(encoded: renewed, state: .running))
            }
        }
        try await keep(changed, opening: true)
    }
}

extension BlobRecord {
    /// The same, as if no hash of it had been signed yet.
    var rehashed: BlobRecord {
        var record = self
        record.epoch = epoch.next
        record.finishedTorrent = []
        record.infoHashes = []
        record.state = .growing
        return record
    }
}
