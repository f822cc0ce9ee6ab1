/// Which IP addresses may be connected to. Checked for the very address a socket is opened for, so that neither a name
/// that changes its answer nor a redirect gets past it.
struct AddressRule: Hashable {
    let allowsPrivate: Bool

    /// `bytes`: 4 for IPv4, 16 for IPv6, in network order; anything else is refused.
    func permits(_ bytes: [UInt8]) -> Bool {
        switch bytes.count {
        case 4: permitsFour(bytes)
        case 16: permitsSixteen(bytes)
        default: false
        }
    }

    private func permitsFour(_ bytes: [UInt8]) -> Bool {
        let (first, second) = (bytes[0], bytes[1])
        if first >= 224 { return false }  // multicast, reserved, broadcast: never an origin
        if allowsPrivate { return true }
        switch first {
        case 0, 10, 127: return false
        case 100: return !(64...127).contains(second)  // shared address space, RFC 6598
        case 169: return second != 254
        case 172: return !(16...31).contains(second)
        case 192: return second != 168 && !(second == 0 && bytes[2] <= 2) && !(second == 88 && bytes[2] == 99)
        case 198: return !(18...19).contains(second) && !(second == 51 && bytes[2] == 100)
        case 203: return !(second == 0 && bytes[2] == 113)
        default: return true
        }
    }

    private func permitsSixteen(_ bytes: [UInt8]) -> Bool {
        if bytes[0] == 0xff { return false }
        let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
        if isMapped { return permitsFour(Array(bytes[12...])) }
        if allowsPrivate { return true }
        // NAT64 (RFC 6052) and 6to4 (RFC 3056) carry an IPv4 address.
        if bytes.starts(with: [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]) {
            return permitsFour(Array(bytes[12...]))
        }
        if bytes.starts(with: [0x20, 0x02]) { return permitsFour(Array(bytes[2..<6])) }
        // All else that is global unicast begins with 001 (RFC 4291); documentation and Teredo do not count.
        guard bytes[0] & 0xe0 == 0x20 else { return false }
        return !bytes.starts(with: [0x20, 0x01, 0x0d, 0xb8]) && !bytes.starts(with: [0x20, 0x01, 0, 0])
    }
}
