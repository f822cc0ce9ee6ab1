/// A byte total over a rolling window.
package struct WindowLimit: Hashable, Sendable {
    package let length: Duration
    package let bytes: UInt64

    package init(length: Duration, bytes: UInt64) {
        precondition(length >= .seconds(1), "a window is a second at least")
        self.length = length
        self.bytes = bytes
    }
}
