internal import Units

/// Pieces that failed although several sources sent them, until the right bytes are known: a block that is another then was a
/// lie, whoever else sent blocks of the piece. What a block is like is told by a fingerprint of the shell's choice.
struct BlockSuspects: Sendable {
    private struct Attempt: Sendable {
        let senders: [SourceID?]
        let fingerprints: [Int]
    }

    private var attempts: [PieceIndex: [Attempt]] = [:]

    /// Whether it matters what the piece is like once it is right.
    func contains(_ piece: PieceIndex) -> Bool { attempts[piece] != nil }

    /// Who sent which block, and what it was like, in the order of the blocks.
    mutating func pieceFailed(_ piece: PieceIndex, senders: [SourceID?], fingerprints: [Int]) {
        guard senders.count == fingerprints.count, attempts[piece] != nil || attempts.count < Limits.suspectPieces,
            attempts[piece]?.count ?? 0 < Limits.suspectAttempts
        else { return }
        attempts[piece, default: []].append(Attempt(senders: senders, fingerprints: fingerprints))
    }

    /// What the blocks of a piece are like that is right; returns who sent others.
    mutating func pieceVerified(_ piece: PieceIndex, fingerprints: [Int]) -> Set<SourceID> {
        var liars: Set<SourceID> = []
        for attempt in attempts.removeValue(forKey: piece) ?? [] where attempt.fingerprints.count == fingerprints.count
        {
            for (number, sender) in attempt.senders.enumerated() {
                if let sender, attempt.fingerprints[number] != fingerprints[number] { liars.insert(sender) }
            }
        }
        return liars
    }

    /// Its bytes may become others.
    mutating func forget(_ piece: PieceIndex) { attempts.removeValue(forKey: piece) }
}
