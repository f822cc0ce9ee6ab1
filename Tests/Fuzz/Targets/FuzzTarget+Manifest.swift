import Manifest
import Units

extension FuzzTarget {
    static let manifest: [FuzzTarget] = [
        FuzzTarget("hash-batch", seeds: { [FuzzSamples.batch.encoded, FuzzSamples.batch.brief] }, check: hashBatch),
        FuzzTarget("pull-grant", maximumBytes: 512, seeds: { [FuzzSamples.grant.encoded] }, check: pullGrant),
        FuzzTarget(
            "batch-request",
            maximumBytes: 64,
            seeds: { [FuzzSamples.batchRequest?.encoded ?? []] },
            check: batchRequest
        ),
    ]

    private static let knownGrant = FuzzSamples.grant
    private static let controlKey = FuzzSamples.key(1).publicKey

    private static func hashBatch(_ input: [UInt8]) {
        if HashBatch.isBrief(input), let brief = try? HashBatch(brief: input, grants: [knownGrant]) {
            precondition(brief.brief == input, "the brief encoding is not canonical")
            take(brief)
        }
        guard let batch = try? HashBatch(decoding: input) else { return }
        precondition(batch.encoded == input, "the encoding is not canonical")
        take(batch)
    }

    private static func take(_ batch: HashBatch) {
        // Beyond this a manifest costs more than it tells.
        guard batch.grant.geometry.pieceCount.rawValue <= 10_000 else { return }
        var manifest = GrowingManifest(
            blob: batch.blob,
            geometry: batch.grant.geometry,
            control: controlKey,
            epoch: Epoch(rawValue: 1)
        )
        let isHonest = batch.grant.isValid(control: controlKey) && batch.isSignedByRelay
        let accepted = try? manifest.batchArrived(batch)
        precondition(accepted == nil || isHonest, "a batch was taken that nobody has signed")
        manifest.checkInvariants()
    }

    private static func pullGrant(_ input: [UInt8]) {
        guard let grant = try? PullGrant(decoding: input) else { return }
        precondition(grant.encoded == input, "the encoding is not canonical")
        precondition(grant.isValid(control: controlKey) == (grant == knownGrant), "a grant that control did not sign")
        for stripe in grant.stripes {
            precondition(
                grant.allows(stripe.first) && grant.geometry.contains(stripe.first),
                "a stripe beyond the blob"
            )
        }
    }

    private static func batchRequest(_ input: [UInt8]) {
        guard let request = try? BatchRequest(decoding: input) else { return }
        precondition(request.encoded == input && BatchRequest.begins(input), "the encoding is not canonical")
        precondition(request.pieces.indices.contains(request.pieces.first.rawValue), "a request for no piece")
    }
}
