package import Units

/// Why bytes from a stranger, or a hash, were refused.
package struct ManifestError: Error, Hashable, Sendable {
    /// The kinds; room to grow.
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }
        /// The bytes are no canonical encoding.
        package static let malformed = Code(rawValue: "malformed")
        /// Names another blob or another geometry than this one.
        package static let wrongBlob = Code(rawValue: "wrongBlob")
        /// The grant is not signed by control, or the batch not by the grant's relay.
        package static let badSignature = Code(rawValue: "badSignature")
        /// Signed under an epoch that control has revoked.
        package static let revokedEpoch = Code(rawValue: "revokedEpoch")
        /// A piece outside the stripes its relay may pull, or beyond the blob.
        package static let outsideStripes = Code(rawValue: "outsideStripes")
        /// Two different hashes for `piece`: the origin changed, or somebody lies.
        package static let conflict = Code(rawValue: "conflict")
        /// More than a limit of this module allows.
        package static let tooMany = Code(rawValue: "tooMany")
    }

    package let code: Code
    /// What was wrong; no full stop, nothing secret.
    package let message: String
    /// The piece a conflict or a stripe error is about.
    package let piece: PieceIndex?

    package init(_ code: Code, _ message: String, piece: PieceIndex? = nil) {
        self.code = code
        self.message = message
        self.piece = piece
    }

    static func conflict(_ piece: PieceIndex) -> ManifestError {
        ManifestError(.conflict, "two different hashes for piece \(piece.rawValue)", piece: piece)
    }
}
