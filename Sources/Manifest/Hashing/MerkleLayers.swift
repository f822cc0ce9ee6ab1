internal import Units

/// Every layer of a tree from one layer's nodes up to the root, so that a proof costs a look and no hashing.
package struct MerkleLayers: Sendable {
    /// The lowest layer first, each without its padding; the last is the root alone.
    private let layers: [[SHA256Digest]]
    /// What each layer is padded with.
    private let paddings: [SHA256Digest]

    /// Over nodes that stand `height` levels above the leaves, padded as in `MerkleTree.root(of:height:)`. Traps for no nodes.
    package init(over nodes: [SHA256Digest], height: Int) {
        precondition(!nodes.isEmpty, "no tree over no nodes")
        var layers = [nodes]
        var paddings = [MerkleTree.paddingRoot(height: height)]
        while let below = layers.last, let padding = paddings.last, below.count > 1 {
            layers.append(
                stride(from: 0, to: below.count, by: 2).map { index in
                    MerkleTree.parent(below[index], index + 1 < below.count ? below[index + 1] : padding)
                }
            )
            paddings.append(MerkleTree.parent(padding, padding))
        }
        self.layers = layers
        self.paddings = paddings
    }

    /// The lowest layer.
    package var nodes: [SHA256Digest] { layers[0] }

    /// What the lowest layer is padded with.
    package var padding: SHA256Digest { paddings[0] }

    package var root: SHA256Digest { layers[layers.count - 1][0] }

    /// The uncle hashes that lead from a run of nodes to the root, lowest first (BEP 52's `hashes` message), the run being
    /// `count` (a power of two) nodes from `first` (a multiple of it). Nil where the run is not of that kind or lies outside
    /// the padded layer.
    package func proof(first: Int, count: Int) -> [SHA256Digest]? {
        let width = 1 << (layers.count - 1)
        guard count > 0, count.nonzeroBitCount == 1, count <= width, first >= 0, first % count == 0,
            first <= width - count
        else { return nil }
        let level = count.trailingZeroBitCount
        return (level..<layers.count - 1).map { at in
            let uncle = (first >> at) ^ 1
            return uncle < layers[at].count ? layers[at][uncle] : paddings[at]
        }
    }
}
