package import Units

/// The growing signed set of piece hashes of one blob: batches come in, provable pieces come out.
///
/// Bad events: ours (a piece beyond the blob) traps; a peer's (bad encoding, signature, epoch, stripe) throws and changes
/// nothing; legal noise (a batch that says nothing new) gives no pieces. `.conflict` is fatal for the blob.
package struct GrowingManifest: Sendable {
    /// Who vouches for a hash.
    private enum Source: Hashable, Sendable {
        case publisher
        /// Hashed here, on a relay's own pull; no epoch revokes what we saw ourselves.
        case own
        case batch(Epoch)
    }
    private struct Entry: Hashable, Sendable {
        var expectation: PieceExpectation
        var source: Source
    }

    package let blob: BlobID
    package let geometry: PieceGeometry
    /// Batches under a lower epoch are refused.
    package private(set) var epoch: Epoch
    /// The pieces whose right hash is known.
    package private(set) var provable: PieceSet
    private let control: VerifyingKey?
    private var entries: [Entry?]
    private var accepted: [PieceIndex: [HashBatch]] = [:]
    private var verifiedGrants: Set<PullGrant> = []

    /// Of a growing blob: knows nothing yet.
    package init(blob: BlobID, geometry: PieceGeometry, control: VerifyingKey, epoch: Epoch) {
        self.blob = blob
        self.geometry = geometry
        self.control = control
        self.epoch = epoch
        provable = PieceSet(capacity: geometry.pieceCount)
        entries = Array(repeating: nil, count: geometry.pieceCount.int)
    }

    /// Of a publisher's torrent: everything is provable at once. Nil where there is not one expectation a piece.
    package init?(blob: BlobID, geometry: PieceGeometry, expectations: [PieceExpectation]) {
        guard expectations.count == geometry.pieceCount.int else { return nil }
        self.blob = blob
        self.geometry = geometry
        control = nil
        epoch = Epoch(rawValue: 0)
        provable = PieceSet(full: geometry.pieceCount)
        entries = expectations.map { Entry(expectation: $0, source: .publisher) }
    }

    /// Of a blob whose hashes are all known, both kinds. Nil where there is not one pair a piece.
    package init?(blob: BlobID, geometry: PieceGeometry, proven: [PieceHashes]) {
        self.init(blob: blob, geometry: geometry, expectations: proven.map { .both($0) })
    }

    /// A batch arrived from anyone. Returns the pieces that became provable, ascending.
    package mutating func batchArrived(_ batch: HashBatch) throws(ManifestError) -> [PieceIndex] {
        guard batch.blob == blob, batch.grant.geometry == geometry else {
            throw ManifestError(.wrongBlob, "a hash batch of another blob")
        }
        if accepted[batch.firstPiece]?.contains(batch) == true { return [] }
        try verify(batch)
        for (piece, hashes) in zip(batch.pieces, batch.hashes) {
            if let known = entries[piece.int], !known.expectation.matches(hashes) { throw .conflict(piece) }
        }
        var new: [PieceIndex] = []
        for (piece, hashes) in zip(batch.pieces, batch.hashes) {
            if note(piece, hashes, .batch(batch.epoch)) { new.append(piece) }
        }
        // Of batches over the same pieces one is enough to pass on, save where a newer epoch or a longer one says more.
        if isWorthPassingOn(batch, new) { accepted[batch.firstPiece, default: []].append(batch) }
        return new
    }

    /// The higher epoch that a batch's grant proves: control has raised it, and this node was not told yet. Nil where it is
    /// no higher or does not hold.
    package mutating func raisedEpoch(by batch: HashBatch) -> Epoch? {
        guard batch.epoch > epoch, batch.blob == blob, batch.grant.geometry == geometry else { return nil }
        do throws(ManifestError) {
            try verify(batch)
            return batch.epoch
        } catch {
            return nil
        }
    }

    /// Whether the batch is one of those to pass on.
    package func isAccepted(_ batch: HashBatch) -> Bool { accepted[batch.firstPiece]?.contains(batch) ?? false }

    /// A piece that this process pulled or verified has these hashes; completes what a publisher's torrent lacks. Returns
    /// whether the piece became provable. Throws `.conflict` where another hash is known. Traps beyond the last piece.
    @discardableResult
    package mutating func pieceHashed(_ piece: PieceIndex, _ hashes: PieceHashes) throws(ManifestError) -> Bool {
        precondition(geometry.contains(piece), "a piece beyond the end of its blob")
        if let known = entries[piece.int], !known.expectation.matches(hashes) { throw .conflict(piece) }
        return note(piece, hashes, .own)
    }

    /// Control revoked everything signed under an older epoch. Returns the pieces that are no longer provable, ascending.
    package mutating func epochRaised(to higher: Epoch) -> [PieceIndex] {
        guard higher > epoch else { return [] }
        epoch = higher
        accepted = accepted.compactMapValues { batches in
            let valid = batches.filter { $0.epoch >= higher }
            return valid.isEmpty ? nil : valid
        }
        verifiedGrants = verifiedGrants.filter { $0.epoch >= higher }
        var revoked: [PieceIndex] = []
        for piece in provable.pieces {
            guard case .batch(let signed) = entries[piece.int]?.source, signed < higher else { continue }
            entries[piece.int] = nil
            provable.remove(piece)
            revoked.append(piece)
        }
        return revoked
    }

    /// What the piece's bytes must hash to; nil while unknown or beyond the blob.
    package func expectation(for piece: PieceIndex) -> PieceExpectation? {
        geometry.contains(piece) ? entries[piece.int]?.expectation : nil
    }

    /// Whether every piece is provable.
    package var isComplete: Bool { provable.isFull }

    /// Both hashes of every piece, in order; nil while one of them is unknown.
    package var allHashes: [PieceHashes]? {
        var all: [PieceHashes] = []
        all.reserveCapacity(entries.count)
        for entry in entries {
            guard let hashes = entry?.expectation.hashes else { return nil }
            all.append(hashes)
        }
        return all
    }

    /// The accepted batches to pass on, in order of their first piece.
    package var batches: [HashBatch] { accepted.sorted { $0.key < $1.key }.flatMap(\.value) }

    /// Asserts what holds between events.
    package func checkInvariants() {
        for index in entries.indices {
            let known = entries[index]
            precondition(provable.contains(PieceIndex(index)) == (known != nil), "provable means known")
            if case .batch(let signed) = known?.source { precondition(signed >= epoch, "no hash of a revoked epoch") }
        }
        for batch in batches {
            precondition(batch.epoch >= epoch, "no batch of a revoked epoch")
            for (piece, hashes) in zip(batch.pieces, batch.hashes) {
                precondition(entries[piece.int]?.expectation.matches(hashes) == true, "a batch agrees with its entries")
            }
        }
        precondition(verifiedGrants.count <= Limits.maximumVerifiedGrants, "grants within their limit")
    }

    /// Whether a verified batch says what no accepted one does.
    private func isWorthPassingOn(_ batch: HashBatch, _ new: [PieceIndex]) -> Bool {
        guard new.isEmpty else { return true }
        return !(accepted[batch.firstPiece] ?? []).contains {
            $0.epoch >= batch.epoch && $0.hashes.count >= batch.hashes.count
        }
    }

    private mutating func verify(_ batch: HashBatch) throws(ManifestError) {
        guard let control else {
            throw ManifestError(.badSignature, "this blob's hashes come from its publisher alone")
        }
        guard batch.epoch >= epoch, batch.epoch == batch.grant.epoch else {
            throw ManifestError(.revokedEpoch, "a hash batch under a revoked epoch")
        }
        for piece in batch.pieces where !geometry.contains(piece) || !batch.grant.allows(piece) {
            throw ManifestError(.outsideStripes, "a piece outside its relay's stripes", piece: piece)
        }
        if !verifiedGrants.contains(batch.grant) {
            guard batch.grant.isValid(control: control) else {
                throw ManifestError(.badSignature, "a pull grant that control did not sign")
            }
            guard batch.isSignedByRelay else {
                throw ManifestError(.badSignature, "a hash batch that its relay did not sign")
            }
            if verifiedGrants.count == Limits.maximumVerifiedGrants { verifiedGrants.removeAll() }
            verifiedGrants.insert(batch.grant)
        } else if !batch.isSignedByRelay {
            throw ManifestError(.badSignature, "a hash batch that its relay did not sign")
        }
    }

    /// Returns whether the piece became provable.
    private mutating func note(_ piece: PieceIndex, _ hashes: PieceHashes, _ source: Source) -> Bool {
        let expectation = PieceExpectation.both(hashes)
        switch (entries[piece.int]?.source, source) {
        case (.publisher, _), (.own, _): entries[piece.int]?.expectation = expectation
        case (.batch(let old), .batch(let new)):
            entries[piece.int] = Entry(expectation: expectation, source: .batch(max(old, new)))
        default: entries[piece.int] = Entry(expectation: expectation, source: source)
        }
        return provable.insert(piece)
    }
}
