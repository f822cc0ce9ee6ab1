internal import Leases
internal import SluiceAPI
internal import Units

extension OriginLimit {
    /// Zero in the proto means no limit.
    init(_ limits: OriginLimits) {
        self.init(
            connections: limits.maxConnections == 0 ? nil : limits.maxConnections,
            rate: limits.maxBytesPerSecond == 0 ? nil : limits.maxBytesPerSecond,
            windows: limits.windows.compactMap { window in
                guard let length = window.length?.duration, length >= .seconds(1) else { return nil }
                return WindowLimit(length: length, bytes: window.maxBytes)
            }
        )
    }
}

extension HolderHeartbeat {
    init(_ message: LeaseHeartbeat) {
        let wants = message.wants ?? LeaseAmount()
        let holds = message.inUse ?? LeaseAmount()
        self.init(
            sequence: message.sequence,
            wants: LeaseAmounts(connections: wants.connections, rate: wants.bytesPerSecond),
            wantsBytes: wants.bytes,
            applied: message.applied.map {
                LeaseGenerationNumber(epoch: Epoch(rawValue: $0.epoch), counter: $0.counter)
            },
            holds: LeaseAmounts(connections: holds.connections, rate: holds.bytesPerSecond),
            weight: message.weight,
            returns: Dictionary(message.returns.map { ($0.id, $0.unusedBytes) }, uniquingKeysWith: max),
            addressee: message.leaseEpoch == 0 ? nil : Epoch(rawValue: message.leaseEpoch),
            pause: message.originPause?.duration ?? .zero
        )
    }
}

extension LeaseGrant {
    init(_ grant: GrantedLease, origin: OriginID) {
        self.init()
        self.origin = origin.text
        var number = LeaseGeneration()
        number.epoch = grant.generation.epoch.rawValue
        number.counter = grant.generation.counter
        generation = number
        sequence = grant.sequence
        duration = ProtoDuration(grant.duration)
        var amount = LeaseAmount()
        amount.connections = grant.amounts.connections
        amount.bytesPerSecond = grant.amounts.rate
        // Bytes beside the chunk: any number says that chunks are needed.
        amount.bytes = grant.needsChunks ? 1 : 0
        self.amount = amount
        guard let given = grant.chunk else { return }
        var message = ByteChunk()
        message.id = given.id
        message.bytes = given.bytes
        message.usableFor = ProtoDuration(given.usableFor)
        chunk = message
    }
}
