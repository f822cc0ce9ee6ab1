package import Units

/// Control's signed word that a relay may pull stripes of a blob and vouch for their hashes.
package struct PullGrant: Hashable, Sendable {
    private static let magic = Array("SLPG".utf8) + [1]
    private static let domain = Array("sluice pull grant v1\0".utf8)

    package let blob: BlobID
    package let geometry: PieceGeometry
    /// The key the relay signs its batches with.
    package let relay: VerifyingKey
    /// Ascending and disjoint, 1 to `Limits.maximumStripes`, within the blob.
    package let stripes: [PieceRange]
    package let epoch: Epoch
    /// Control's, over the domain string and everything above.
    package let signature: Signature

    /// Signs a grant. Traps where the stripes are not ascending, disjoint, within the blob and within the limit.
    package static func signed(
        blob: BlobID,
        geometry: PieceGeometry,
        relay: VerifyingKey,
        stripes: [PieceRange],
        epoch: Epoch,
        by control: SigningKey
    ) -> PullGrant {
        precondition(areCanonical(stripes, geometry), "stripes are ascending, disjoint and within the blob")
        let body = body(blob: blob, geometry: geometry, relay: relay, stripes: stripes, epoch: epoch)
        return PullGrant(
            blob: blob,
            geometry: geometry,
            relay: relay,
            stripes: stripes,
            epoch: epoch,
            signature: control.sign(domain + body)
        )
    }

    private init(
        blob: BlobID,
        geometry: PieceGeometry,
        relay: VerifyingKey,
        stripes: [PieceRange],
        epoch: Epoch,
        signature: Signature
    ) {
        self.blob = blob
        self.geometry = geometry
        self.relay = relay
        self.stripes = stripes
        self.epoch = epoch
        self.signature = signature
    }

    /// Whether control signed it.
    package func isValid(control: VerifyingKey) -> Bool {
        control.verifies(signature, of: Self.domain + body)
    }

    /// Whether one of the stripes holds the piece.
    package func allows(_ piece: PieceIndex) -> Bool {
        var low = 0
        var high = stripes.count
        while low < high {
            let middle = (low + high) / 2
            if stripes[middle].contains(piece) { return true }
            if stripes[middle].first < piece { low = middle + 1 } else { high = middle }
        }
        return false
    }

    /// Canonical: magic and version, blob, relay, epoch, size, piece length, stripes, signature.
    package var encoded: [UInt8] { body + signature.bytes }

    /// Reads one encoding; total. The signature is not checked: see `isValid(control:)`.
    package init(decoding bytes: [UInt8]) throws(ManifestError) {
        guard bytes.count <= Limits.maximumGrantBytes else {
            throw ManifestError(.tooMany, "a pull grant is longer than its limit")
        }
        var reader = CanonicalReader(bytes)
        try reader.magic(Self.magic)
        blob = try reader.fixed()
        relay = try reader.fixed()
        epoch = Epoch(rawValue: try reader.integer())
        let size = ByteCount(rawValue: try reader.integer())
        guard let geometry = PieceGeometry(size: size, pieceLength: try reader.integer()) else {
            throw ManifestError(.malformed, "a pull grant has an impossible geometry")
        }
        self.geometry = geometry
        let count = try reader.integer(UInt32.self)
        guard count <= Limits.maximumStripes else { throw ManifestError(.tooMany, "too many stripes in a pull grant") }
        var stripes: [PieceRange] = []
        for _ in 0..<count {
            let first = PieceIndex(rawValue: try reader.integer())
            guard let stripe = PieceRange(first: first, count: PieceCount(rawValue: try reader.integer())) else {
                throw ManifestError(.malformed, "a stripe is empty")
            }
            stripes.append(stripe)
        }
        guard Self.areCanonical(stripes, geometry) else {
            throw ManifestError(.malformed, "stripes are not ascending, disjoint and within the blob")
        }
        self.stripes = stripes
        signature = try reader.fixed()
        try reader.end()
    }

    private var body: [UInt8] {
        Self.body(blob: blob, geometry: geometry, relay: relay, stripes: stripes, epoch: epoch)
    }

    private static func body(
        blob: BlobID,
        geometry: PieceGeometry,
        relay: VerifyingKey,
        stripes: [PieceRange],
        epoch: Epoch
    ) -> [UInt8] {
        var writer = CanonicalWriter()
        writer.raw(magic)
        writer.fixed(blob)
        writer.fixed(relay)
        writer.integer(epoch.rawValue)
        writer.integer(geometry.size.rawValue)
        writer.integer(geometry.pieceLength)
        writer.integer(UInt32(stripes.count))
        for stripe in stripes {
            writer.integer(stripe.first.rawValue)
            writer.integer(stripe.count.rawValue)
        }
        return writer.bytes
    }

    private static func areCanonical(_ stripes: [PieceRange], _ geometry: PieceGeometry) -> Bool {
        guard (1...Limits.maximumStripes).contains(stripes.count) else { return false }
        var end: UInt32 = 0
        for stripe in stripes {
            guard stripe.first.rawValue >= end else { return false }
            end = stripe.indices.upperBound
        }
        return end <= geometry.pieceCount.rawValue
    }
}
