/// One message as it stands at the front of received bytes.
package struct PeerFrame: Hashable, Sendable {
    package let message: PeerMessage
    /// Bytes on the wire, length prefix included.
    package let byteCount: Int
}
