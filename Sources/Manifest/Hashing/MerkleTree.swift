internal import Units

/// The binary SHA-256 trees of BEP 52: leaves are hashes of 16 KiB blocks, missing leaves are 32 zero bytes.
package enum MerkleTree {
    /// The node over two nodes.
    package static func parent(_ left: SHA256Digest, _ right: SHA256Digest) -> SHA256Digest {
        SHA256Hasher.digest(of: left.bytes + right.bytes)
    }

    /// The root of a full tree of zero leaves, `height` levels above them; height 0 is the zero leaf itself.
    package static func paddingRoot(height: Int) -> SHA256Digest {
        precondition((0...64).contains(height), "no tree is that high")
        var node = SHA256Digest(exactly: Array(repeating: 0, count: SHA256Digest.byteCount))
        for _ in 0..<height { node = parent(node, node) }
        return node
    }

    /// The root over nodes of one layer that stands `height` levels above the leaves, padded to a power of two with that
    /// layer's padding root. Traps for no nodes.
    package static func root(of nodes: [SHA256Digest], height: Int = 0) -> SHA256Digest {
        precondition(!nodes.isEmpty, "no tree over no nodes")
        var width = 1
        while width < nodes.count { width *= 2 }
        var flat: [UInt8] = []
        flat.reserveCapacity(width * SHA256Digest.byteCount)
        for node in nodes { flat.append(contentsOf: node.bytes) }
        if width > nodes.count {
            let padding = paddingRoot(height: height).bytes
            for _ in nodes.count..<width { flat.append(contentsOf: padding) }
        }
        var context = DigestContext(.sha256)
        fold(&flat, count: width, with: &context)
        return SHA256Digest(exactly: Array(flat[..<SHA256Digest.byteCount]))
    }

    /// How many levels above the leaves the piece layer stands.
    package static func pieceLayerHeight(_ geometry: PieceGeometry) -> Int {
        Int(geometry.pieceLength / Block.maximumLength).trailingZeroBitCount
    }

    /// A file's `pieces root` from the merkle roots of all its pieces; nil for a wrong number of roots or an empty file,
    /// which has none (BEP 52).
    package static func fileRoot(pieceRoots: [SHA256Digest], geometry: PieceGeometry) -> SHA256Digest? {
        guard !pieceRoots.isEmpty, pieceRoots.count == geometry.pieceCount.int else { return nil }
        // A file of one piece has the root of its own leaves, and no piece layer.
        guard pieceRoots.count > 1 else { return pieceRoots[0] }
        return root(of: pieceRoots, height: pieceLayerHeight(geometry))
    }

    /// Whether a run of nodes and its uncle hashes lead to `root`; see `MerkleLayers.proof(first:count:)`.
    package static func isProven(
        _ run: [SHA256Digest],
        first: Int,
        uncles: [SHA256Digest],
        root expected: SHA256Digest
    ) -> Bool {
        guard !run.isEmpty, run.count.nonzeroBitCount == 1, first >= 0, first % run.count == 0 else { return false }
        guard uncles.count < 64 else { return false }
        var node = root(of: run)
        var position = first / run.count
        for uncle in uncles {
            node = position & 1 == 0 ? parent(node, uncle) : parent(uncle, node)
            position /= 2
        }
        return position == 0 && node == expected
    }

    /// Folds `count` (a power of two) nodes at the start of `nodes` in place until the first is their root.
    static func fold(_ nodes: inout [UInt8], count: Int, with context: inout DigestContext) {
        let length = SHA256Digest.byteCount
        precondition(count.nonzeroBitCount == 1 && nodes.count >= count * length, "a layer is a power of two wide")
        var width = count
        while width > 1 {
            for index in 0..<width / 2 {
                context.update(unsafe nodes.span.bytes.extracting(index * 2 * length..<(index + 1) * 2 * length))
                context.finish(into: &nodes, at: index * length)
            }
            width /= 2
        }
    }
}
