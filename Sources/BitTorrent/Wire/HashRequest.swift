package import Manifest
internal import Units

/// Which hashes of a file's merkle tree a peer asks for (BEP 52, messages 21 to 23).
package struct HashRequest: Hashable, Sendable {
    /// Bytes on the wire after the message id.
    package static let byteCount = 48
    package let piecesRoot: SHA256Digest
    /// Levels above the leaves.
    package let baseLayer: UInt32
    /// The first hash within that layer.
    package let index: UInt32
    /// How many hashes: a power of two, 2 to 512.
    package let length: UInt32
    /// How many levels above the base layer the proof goes.
    package let proofLayers: UInt32

    package init(piecesRoot: SHA256Digest, baseLayer: UInt32, index: UInt32, length: UInt32, proofLayers: UInt32) {
        self.piecesRoot = piecesRoot
        self.baseLayer = baseLayer
        self.index = index
        self.length = length
        self.proofLayers = proofLayers
    }

    /// The hashes asked for, then their uncles from below; nil where the request is to be rejected. Only the piece layer
    /// is known.
    package func answer(from pieceLayers: MerkleLayers, geometry: PieceGeometry) -> [SHA256Digest]? {
        let roots = pieceLayers.nodes
        guard roots.count > 1, roots.count == geometry.pieceCount.int,
            Int(baseLayer) == MerkleTree.pieceLayerHeight(geometry),
            (2...Limits.maximumHashesPerRequest).contains(length), proofLayers < 64, pieceLayers.root == piecesRoot,
            Int(index) < roots.count, let uncles = pieceLayers.proof(first: Int(index), count: Int(length))
        else { return nil }
        let end = Int(index) + Int(length)
        var hashes = Array(roots[Int(index)..<min(end, roots.count)])
        while hashes.count < Int(length) { hashes.append(pieceLayers.padding) }
        let omitted = Int(length.trailingZeroBitCount) - 1
        return hashes + uncles.prefix(max(0, Int(proofLayers) - omitted))
    }
}
