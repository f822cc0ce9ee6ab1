/// One grant as it is sent to its holder.
package struct GrantedLease: Hashable, Sendable {
    package let generation: LeaseGenerationNumber
    /// The heartbeat it answers: the lease runs from when that was sent.
    package let sequence: UInt64
    package let duration: Duration
    package let amounts: LeaseAmounts
    /// Whether bytes need chunks because the origin has windows.
    package let needsChunks: Bool
    package let chunk: GrantedChunk?

    package init(
        generation: LeaseGenerationNumber,
        sequence: UInt64,
        duration: Duration,
        amounts: LeaseAmounts,
        needsChunks: Bool,
        chunk: GrantedChunk?
    ) {
        self.generation = generation
        self.sequence = sequence
        self.duration = duration
        self.amounts = amounts
        self.needsChunks = needsChunks
        self.chunk = chunk
    }
}
