/// A generation of pull grants or of a lease granter; a higher one revokes the lower.
package struct Epoch: RawRepresentable, Hashable, Comparable, Sendable {
    package var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
    package static func < (left: Epoch, right: Epoch) -> Bool { left.rawValue < right.rawValue }
    package var next: Epoch { Epoch(rawValue: rawValue + 1) }
}
