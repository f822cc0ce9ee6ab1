/// How the bytes of one message are compressed: the values of `grpc-encoding` that we know.
package enum MessageEncoding: String, Hashable, Sendable, CaseIterable {
    /// Not compressed.
    case identity
    /// RFC 1952, a fresh stream for each message.
    case gzip

    /// The value of `grpc-accept-encoding`: everything we can take in.
    package static let acceptedList = allCases.map(\.rawValue).joined(separator: ",")

    /// Whether a `grpc-accept-encoding` list (comma separated, spaces allowed) names this encoding.
    package func isAccepted(by list: some StringProtocol) -> Bool {
        list.split(separator: ",").contains { element in
            element.utf8.filter { $0 != 0x20 && $0 != 0x09 }.elementsEqual(rawValue.utf8)
        }
    }
}
