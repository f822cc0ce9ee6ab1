/// An IP address and a port.
package struct PeerAddress: Hashable, Sendable {
    /// 4 bytes for IPv4, 16 for IPv6.
    package let address: [UInt8]
    package let port: UInt16

    /// Nil where the address has neither 4 nor 16 bytes.
    package init?(address: [UInt8], port: UInt16) {
        guard address.count == 4 || address.count == 16 else { return nil }
        self.address = address
        self.port = port
    }

    /// Address and port in network order (BEP 23, BEP 7).
    package var compact: [UInt8] { address + [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)] }

    /// Every whole entry of a compact list whose addresses have `width` bytes.
    package static func list(compact bytes: [UInt8], width: Int) -> [PeerAddress] {
        stride(from: 0, to: bytes.count - bytes.count % (width + 2), by: width + 2).compactMap { start in
            let port = UInt16(bytes[start + width]) << 8 | UInt16(bytes[start + width + 1])
            return PeerAddress(address: Array(bytes[start..<start + width]), port: port)
        }
    }
}
