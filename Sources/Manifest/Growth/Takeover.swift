package import Units

/// Pieces that one relay could pull for another that is slower or has stalled.
package struct Takeover: Sendable {
    package let from: NodeID
    package let to: NodeID
    /// Ascending.
    package let pieces: [PieceIndex]
    /// Nothing is heard of the slower one: it need not be asked.
    package let isStalled: Bool
}
