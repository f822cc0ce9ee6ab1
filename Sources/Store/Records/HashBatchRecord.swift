package import Units

/// A signed hash batch of one blob, as a relay reported it.
package struct HashBatchRecord: Hashable, Sendable {
    /// The blob.
    package var blob: BlobID
    /// The first piece it covers.
    package var firstPiece: PieceIndex
    /// The epoch of the grant it was signed under.
    package var epoch: Epoch
    /// The batch in its canonical form.
    package var encoded: [UInt8]

    package init(
        blob: BlobID,
        firstPiece: PieceIndex,
        epoch: Epoch,
        encoded: [UInt8]
    ) {
        self.blob = blob
        self.firstPiece = firstPiece
        self.epoch = epoch
        self.encoded = encoded
    }
}
