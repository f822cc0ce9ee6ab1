import Manifest
import Testing
import Units

/// Properties of the deciders that say what is provable. Signatures are costly: batches are made once for all seeds.
@Suite struct ManifestDeciderTests {
    private static let pieces = 12
    private static let control = key(1)
    private static let relays = [key(2), key(3)]

    private struct Made {
        let batch: HashBatch
        let variant: Int
        let isForged: Bool
    }

    private static func key(_ byte: UInt8) -> SigningKey {
        guard let key = SigningKey(seed: Array(repeating: byte, count: 32)) else { preconditionFailure("32 bytes") }
        return key
    }

    private static let geometry: PieceGeometry = {
        let geometry = PieceGeometry(size: ByteCount(pieces * 65_536 - 5), pieceLength: 65_536)
        guard let geometry else { preconditionFailure("a possible geometry") }
        return geometry
    }()

    private static let blob = BlobIdentity(
        url: "http://a/b",
        size: ByteCount(pieces * 65_536 - 5),
        etag: nil,
        lastModified: nil,
        pieceLength: 65_536
    ).blobID

    /// The right hashes under an odd epoch are those of one variant, under an even one of the other.
    private static func hashes(_ piece: PieceIndex, _ variant: Int) -> PieceHashes {
        let bytes = [UInt8(truncatingIfNeeded: piece.rawValue), UInt8(variant)]
        let sha1 = SHA1Digest(bytes: Array(SHA256Hasher.digest(of: bytes).bytes.prefix(20)))
        guard let sha1 else { preconditionFailure("20 bytes") }
        return PieceHashes(merkleRoot: SHA256Hasher.digest(of: bytes), sha1: sha1)
    }

    private static func grant(_ relay: Int, _ epoch: UInt64, by signer: SigningKey = control) -> PullGrant {
        guard let stripe = PieceRange(UInt32(relay * pieces / 2)..<UInt32((relay + 1) * pieces / 2)) else {
            preconditionFailure("half of the pieces")
        }
        return .signed(
            blob: blob,
            geometry: geometry,
            relay: relays[relay].publicKey,
            stripes: [stripe],
            epoch: Epoch(rawValue: epoch),
            by: signer
        )
    }

    private static let made: [Made] = {
        var made: [Made] = []
        for relay in relays.indices {
            for epoch in 1...3 as ClosedRange<UInt64> {
                let start = relay * pieces / 2
                for (range, variant) in [(0..<2, 0), (1..<5, 0), (2..<6, 0), (0..<6, 1), (3..<4, 1)] {
                    let first = PieceIndex(start + range.lowerBound)
                    let batch = HashBatch.signed(
                        firstPiece: first,
                        hashes: range.map { hashes(PieceIndex(start + $0), variant) },
                        grant: grant(relay, epoch, by: variant == 1 && range.count == 1 ? key(9) : control),
                        by: relays[relay]
                    )
                    // One in five is under a grant of somebody else's.
                    made.append(Made(batch: batch, variant: variant, isForged: range.count == 1))
                }
            }
        }
        return made
    }()

    @Test(arguments: Seeds.blocks)
    func `a piece is provable exactly while somebody good vouches for it, and never by two hashes`(
        block: Range<UInt64>
    ) {
        let made = Self.made
        Seeds.each(in: block) { _, generator in
            var manifest = GrowingManifest(
                blob: Self.blob,
                geometry: Self.geometry,
                control: Self.control.publicKey,
                epoch: Epoch(rawValue: 1)
            )
            /// What is right, and under which epoch it was signed; nil where it was seen here.
            var known: [PieceIndex: (variant: Int, epoch: UInt64?)] = [:]
            for _ in 0..<generator.pick(1...4) {
                switch generator.pick(0...9) {
                case 0:
                    let epoch = manifest.epoch.rawValue + UInt64(generator.pick(0...1))
                    let revoked = known.filter { $0.value.epoch.map { $0 < epoch } ?? false }.keys.sorted()
                    try hold(manifest.epochRaised(to: Epoch(rawValue: epoch)) == revoked, "not what was signed before")
                    for piece in revoked { known[piece] = nil }
                case 1:
                    let (piece, variant) = (PieceIndex(generator.pick(0...Self.pieces - 1)), generator.pick(0...1))
                    let isConflict = known[piece].map { $0.variant != variant } ?? false
                    let outcome = Result { () throws(ManifestError) in
                        try manifest.pieceHashed(piece, Self.hashes(piece, variant))
                    }
                    switch outcome {
                    case .success(let isNew):
                        try hold(isNew == (known[piece] == nil), "new, or not, wrongly")
                        try hold(!isConflict, "two hashes for one piece")
                        // What somebody vouched for before stays theirs until it is seen here.
                        known[piece] = (variant, nil)
                    case .failure(let error): try hold(error.code == .conflict && isConflict, "\(error)")
                    }
                default:
                    guard let one = made.randomElement(using: &generator) else { return }
                    try arrive(one, &manifest, &known)
                }
                manifest.checkInvariants()
                try hold(manifest.provable.pieces == known.keys.sorted(), "provable is not what is vouched for")
                for (piece, entry) in known {
                    let expected = PieceExpectation.both(Self.hashes(piece, entry.variant))
                    try hold(manifest.expectation(for: piece) == expected, "another hash than was signed")
                }
            }
        }
    }

    private func arrive(
        _ one: Made,
        _ manifest: inout GrowingManifest,
        _ known: inout [PieceIndex: (variant: Int, epoch: UInt64?)]
    ) throws {
        let epoch = one.batch.epoch.rawValue
        let isLate = epoch < manifest.epoch.rawValue
        let isConflict = one.batch.pieces.contains { known[$0].map { $0.variant != one.variant } ?? false }
        var probe = manifest
        let raised = epoch > manifest.epoch.rawValue && !one.isForged ? one.batch.epoch : nil
        try hold(probe.raisedEpoch(by: one.batch) == raised, "a higher epoch is believed, or not, wrongly")
        switch Result(catching: { () throws(ManifestError) in try manifest.batchArrived(one.batch) }) {
        case .success(let new):
            try hold(!isLate && !one.isForged && !isConflict, "a batch is taken that does not hold")
            try hold(new == one.batch.pieces.filter { known[$0] == nil }, "not what became provable")
            for piece in one.batch.pieces {
                guard let before = known[piece] else {
                    known[piece] = (one.variant, epoch)
                    continue
                }
                known[piece] = (one.variant, before.epoch.map { max($0, epoch) })
            }
            try hold(manifest.batches.allSatisfy { $0.epoch >= manifest.epoch }, "a revoked batch is passed on")
        case .failure(let error):
            let expected: ManifestError.Code = isLate ? .revokedEpoch : one.isForged ? .badSignature : .conflict
            try hold(error.code == expected && (isLate || one.isForged || isConflict), "\(error) for a good batch")
        }
    }

    /// After its first eight pieces, which go at once.
    private static let begun: BatchSigner = {
        var signer = BatchSigner(key: relays[0], grant: wide)
        for piece in 0..<BatchSigner.immediatePieces {
            _ = signer.pieceHashed(PieceIndex(piece), hashes(PieceIndex(piece), 0), at: .zero)
        }
        return signer
    }()

    private static let many = 400
    private static let wide: PullGrant = {
        guard let geometry = PieceGeometry(size: ByteCount(many * 65_536), pieceLength: 65_536),
            let stripe = PieceRange(0..<UInt32(many))
        else { preconditionFailure("a possible geometry") }
        return .signed(
            blob: blob,
            geometry: geometry,
            relay: relays[0].publicKey,
            stripes: [stripe],
            epoch: Epoch(rawValue: 1),
            by: control
        )
    }()

    @Test(arguments: Seeds.blocks)
    func `every pulled piece is vouched for once, and waits a tenth of a second at most`(block: Range<UInt64>) {
        let (begun, hashes) = (Self.begun, Self.hashes(PieceIndex(0), 0))
        Seeds.each(in: block) { _, generator in
            var signer = begun
            var now = BootTime.zero
            var waiting: [PieceIndex: BootTime] = [:]
            var next = BatchSigner.immediatePieces
            func sent(_ batches: [HashBatch]) throws {
                for batch in batches {
                    try hold(batch.hashes.count <= BatchSigner.piecesPerBatch, "a batch too long")
                    for piece in batch.pieces {
                        try hold(waiting.removeValue(forKey: piece) != nil, "a piece is signed twice, or unasked")
                    }
                }
            }
            for _ in 0..<2 {
                // Rarely so many that a batch is full.
                for _ in 0..<generator.pick(generator.chance(20) ? 60...70 : 0...6) {
                    // A gap begins another batch.
                    next += generator.chance(40) ? 2 : 1
                    waiting[PieceIndex(next)] = now
                    try sent(signer.pieceHashed(PieceIndex(next), hashes, at: now))
                    signer.checkInvariants()
                }
                try hold((signer.deadline == nil) == waiting.isEmpty, "a deadline exactly while something waits")
                if let oldest = waiting.values.min(), let deadline = signer.deadline {
                    let isWorthwhile = waiting.count >= BatchSigner.worthwhilePieces
                    let most = isWorthwhile ? BatchSigner.shortPatience : BatchSigner.patience.upperBound
                    try hold(deadline <= oldest + most, "a late deadline")
                    try hold(deadline >= oldest + BatchSigner.patience.lowerBound, "a batch for each piece")
                }
                now = now + .milliseconds(generator.pick(0...120))
                try sent(signer.tick(at: now))
                try hold(
                    waiting.values.allSatisfy { now - $0 < BatchSigner.patience.upperBound },
                    "a hash waits too long"
                )
            }
            try sent(signer.flush())
            try hold(waiting.isEmpty && signer.deadline == nil, "a piece is never signed")
        }
    }
}
