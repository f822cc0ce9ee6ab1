/// Names one connection to a peer within its blob's swarm; never used again after it left.
package struct PeerHandle: Hashable, Comparable, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
    package static func < (left: PeerHandle, right: PeerHandle) -> Bool { left.rawValue < right.rawValue }
}
