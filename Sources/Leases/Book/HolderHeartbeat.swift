package import Units

/// What a holder says of itself at one origin.
package struct HolderHeartbeat: Hashable, Sendable {
    package var sequence: UInt64
    package var wants: LeaseAmounts
    package var wantsBytes: UInt64
    package var applied: LeaseGenerationNumber?
    /// What it holds right now.
    package var holds: LeaseAmounts
    package var weight: UInt32
    /// Bytes not used, by chunk.
    package var returns: [UInt64: UInt64]
    /// The granter it was made for; nil where the holder does not know it, and then it claims nothing.
    package var addressee: Epoch?
    /// How long the origin still asks this holder to stay away.
    package var pause: Duration

    package init(
        sequence: UInt64,
        wants: LeaseAmounts,
        wantsBytes: UInt64 = 0,
        applied: LeaseGenerationNumber? = nil,
        holds: LeaseAmounts = .none,
        weight: UInt32 = 100,
        returns: [UInt64: UInt64] = [:],
        addressee: Epoch? = nil,
        pause: Duration = .zero
    ) {
        self.sequence = sequence
        self.wants = wants
        self.wantsBytes = wantsBytes
        self.applied = applied
        self.holds = holds
        self.weight = weight
        self.returns = returns
        self.addressee = addressee
        self.pause = pause
    }
}
