internal import Units

/// Pieces whose HAVE waits for the batch that proves them, for a second at most.
struct HeldPieces {
    private var waiting: [PieceIndex] = []
    private var isReleasing = false

    mutating func hold(_ piece: PieceIndex) { waiting.append(piece) }

    /// Pieces that are not there any more.
    mutating func forget(_ pieces: Set<PieceIndex>) { waiting.removeAll { pieces.contains($0) } }

    /// Batches have come: takes out what they cover. Each piece is looked at once, because more become covered on other
    /// threads at any time.
    mutating func covered(by isCovered: (PieceIndex) -> Bool) -> [PieceIndex] {
        var released: [PieceIndex] = []
        waiting.removeAll { piece in
            let isReleased = isCovered(piece)
            if isReleased { released.append(piece) }
            return isReleased
        }
        return released
    }

    /// Once a second: takes out what was there a second ago already.
    mutating func ticked() -> [PieceIndex] {
        let released = isReleasing ? waiting : []
        if isReleasing { waiting.removeAll() }
        isReleasing = !waiting.isEmpty
        return released
    }
}
