package import Manifest
package import Units

/// A message between peers (BEP 3, 6, 10, 52). Numbers are as the peer sent them; `PeerConnectionState` checks them.
package enum PeerMessage: Hashable, Sendable {
    case keepAlive
    case choke, unchoke, interested, notInterested
    case have(PieceIndex)
    case bitField([UInt8])
    case request(Block), cancel(Block)
    /// The block's bytes are the last `block.length` bytes of the frame.
    case piece(Block)
    /// The DHT port (BEP 5).
    case port(UInt16)
    case suggest(PieceIndex)
    case haveAll, haveNone
    case reject(Block)
    case allowedFast(PieceIndex)
    /// BEP 10: the extension's id as its receiver named it, and its payload.
    case extended(UInt8, [UInt8])
    case hashRequest(HashRequest)
    case hashes(HashRequest, [SHA256Digest])
    case hashReject(HashRequest)
    /// Of no BEP we speak; ignored.
    case unknown(UInt8)
}
