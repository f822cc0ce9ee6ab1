package import Leases
package import SluiceAPI
package import Units

extension LeaseHeartbeat {
    package init(_ heartbeat: HolderHeartbeat, origin: OriginID) {
        self.init()
        self.origin = origin.text
        sequence = heartbeat.sequence
        wants = LeaseAmount(heartbeat.wants)
        wants?.bytes = heartbeat.wantsBytes
        inUse = LeaseAmount(heartbeat.holds)
        weight = heartbeat.weight
        if let generation = heartbeat.applied {
            var message = LeaseGeneration()
            message.epoch = generation.epoch.rawValue
            message.counter = generation.counter
            applied = message
        }
        returns = heartbeat.returns.map { id, unused in
            var message = ChunkReturn()
            message.id = id
            message.unusedBytes = unused
            return message
        }
        leaseEpoch = heartbeat.addressee?.rawValue ?? 0
        if heartbeat.pause > .zero { originPause = ProtoDuration(heartbeat.pause) }
    }
}

extension LeaseAmount {
    init(_ amounts: LeaseAmounts) {
        self.init()
        connections = amounts.connections
        bytesPerSecond = amounts.rate
    }
}

extension GrantedLease {
    /// Nil where the message lacks what a grant needs.
    package init?(_ message: LeaseGrant) {
        guard let generation = message.generation, let amount = message.amount,
            let duration = message.duration?.duration
        else { return nil }
        var chunk: GrantedChunk?
        if let given = message.chunk, given.id != 0 {
            chunk = GrantedChunk(id: given.id, bytes: given.bytes, usableFor: given.usableFor?.duration ?? .zero)
        }
        self.init(
            generation: LeaseGenerationNumber(epoch: Epoch(rawValue: generation.epoch), counter: generation.counter),
            sequence: message.sequence,
            duration: duration,
            amounts: LeaseAmounts(connections: amount.connections, rate: amount.bytesPerSecond),
            needsChunks: amount.bytes != 0 || message.chunk != nil,
            chunk: chunk
        )
    }
}
