/// Why a torrent or magnet link cannot be used.
package struct MetainfoError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence without a full stop.
    package let description: String
    package init(_ description: String) { self.description = description }
}
