internal import Units

/// What is much and what is little where relays share the pull of a blob: pieces are of 64 KiB to 16 MiB, so it is bytes
/// and pace that count.
struct PullShares {
    /// What is worth a new grant.
    private static let bytesWorthMoving: UInt32 = 16 << 20
    private static let piecesWorthMoving: UInt32 = 16
    /// What a relay may have on its way over all its connections, which is left to it; a piece each in any case.
    private static let bytesUnderWay: UInt32 = 32 << 20
    private static let piecesUnderWay: ClosedRange<UInt32> = 4...32
    /// How long a relay may tell of nothing while another has nothing to do: at least.
    private static let shortestPatience = Duration.seconds(5)
    /// Its connections finish their pieces together at worst; twice that is no stall yet.
    private static let piecesTogether = 2 * 4.0
    /// Bytes a second below which a relay that has told of no piece yet counts as stalled.
    private static let leastPace = 512.0 * 1024

    private let pieceLength: UInt32

    init(pieceLength: UInt32) { self.pieceLength = max(1, pieceLength) }

    var worthMoving: Int { Int(min(max(Self.bytesWorthMoving / pieceLength, 1), Self.piecesWorthMoving)) }

    var underWay: Int {
        let (least, most) = (Self.piecesUnderWay.lowerBound, Self.piecesUnderWay.upperBound)
        return Int(min(max(Self.bytesUnderWay / pieceLength, least), most))
    }

    /// How long a relay of this pace may tell of nothing until its pieces are taken for stalled.
    func patience(with pace: RelayPace) -> Duration {
        let expected = pace.timePerPiece.map { $0 * Self.piecesTogether }
        return max(expected ?? .seconds(Double(pieceLength) / Self.leastPace), Self.shortestPatience)
    }
}
