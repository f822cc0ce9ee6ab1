package import NIOCore

extension SocketAddress {
    /// The four or sixteen bytes of an IP address; nil for other kinds. One of IPv4 in an IPv6 socket's words is one of IPv4.
    package var addressBytes: [UInt8]? {
        guard let text = ipAddress else { return nil }
        if let first = text.firstIndex(of: ".") {
            let start = text[..<first].lastIndex(of: ":").map { text.index(after: $0) } ?? text.startIndex
            let parts = text[start...].split(separator: ".").compactMap { UInt8($0) }
            return parts.count == 4 ? parts : nil
        }
        // `::` stands for the zero groups that are missing; a scope behind % is not part of the address.
        let plain = text.prefix { $0 != "%" }
        let halves = plain.components(by: "::")
        func groups(_ half: Substring) -> [UInt8] {
            half.split(separator: ":").flatMap { group -> [UInt8] in
                let value = UInt16(group, radix: 16) ?? 0
                return [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)]
            }
        }
        let head = groups(halves[0])
        let tail = halves.count > 1 ? groups(halves[1]) : []
        let zeros = 16 - head.count - tail.count
        guard zeros >= 0 else { return nil }
        return head + [UInt8](repeating: 0, count: zeros) + tail
    }
}

extension Substring {
    /// The parts around the first occurrence of a separator.
    fileprivate func components(by separator: String) -> [Substring] {
        guard let range = firstRange(of: separator) else { return [self] }
        return [self[..<range.lowerBound], self[range.upperBound...]]
    }
}
