package import NIOCore
package import Units

/// What happened among the peers of one blob.
package enum SwarmEvent: Sendable {
    case peerJoined(PeerHandle, PeerKind, SocketAddress?)
    case peerLeft(PeerHandle)
    /// The peer says that it is at another site than we are.
    case isFar(PeerHandle)
    /// Where the peer can be reached.
    case listens(PeerHandle, SocketAddress)
    /// Everything the peer has, once at the start.
    case bitField(PeerHandle, PieceSet)
    case have(PeerHandle, [PieceIndex])
    /// The peer would rather give this piece than another.
    case suggested(PeerHandle, PieceIndex)
    case choked(PeerHandle)
    case unchoked(PeerHandle)
    /// Blocks that came with one read; the bytes are slices of what was received.
    case blocks([(peer: PeerHandle, block: Block, bytes: ByteBuffer)])
    case rejected(PeerHandle, Block)
    /// A hash batch as the peer sent it, unchecked.
    case batch(PeerHandle, [UInt8])
    /// Nothing that was asked came within the time limit.
    case snubbed(PeerHandle)
    /// No handshake came about with an address that was dialled.
    case handshakeFailed(SocketAddress)
}
