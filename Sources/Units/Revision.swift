/// Grows by one with each change of a task; a node acknowledges the revision it has applied.
package struct Revision: RawRepresentable, Hashable, Comparable, Sendable {
    package var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
    package static func < (left: Revision, right: Revision) -> Bool { left.rawValue < right.rawValue }
    package var next: Revision { Revision(rawValue: rawValue + 1) }
}
