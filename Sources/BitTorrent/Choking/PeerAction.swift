package import Units

/// What a connection's shell has to do or pass on after an event.
package enum PeerAction: Hashable, Sendable {
    case send(PeerMessage)
    /// A block was put on the upload queue: see `nextUpload()`.
    case uploadQueued
    case peerHas([PieceIndex])
    /// Everything the peer has, told once at the start.
    case peerHasSet(PieceSet)
    case peerChoked, peerUnchoked
    case peerInterested, peerNotInterested
    /// A block that we asked for; its bytes are the frame's last.
    case received(Block)
    /// A block that we asked for and will not get.
    case rejected(Block)
    /// The peer would rather give us this piece than another (BEP 6).
    case peerSuggests(PieceIndex)
    case extended(UInt8, [UInt8])
    case hashRequested(HashRequest)
}
