/// Names a source within one download.
package struct SourceID: Hashable, Comparable, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
    package static func < (left: SourceID, right: SourceID) -> Bool { left.rawValue < right.rawValue }
}
