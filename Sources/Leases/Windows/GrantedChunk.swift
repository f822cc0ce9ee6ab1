/// Bytes out of the windows.
package struct GrantedChunk: Hashable, Sendable {
    /// Never 0.
    package let id: UInt64
    package let bytes: UInt64
    package let usableFor: Duration

    package init(id: UInt64, bytes: UInt64, usableFor: Duration) {
        self.id = id
        self.bytes = bytes
        self.usableFor = usableFor
    }
}
