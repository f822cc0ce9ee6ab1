internal import FoundationEssentials

/// Where a process's status sequences start: above those of any earlier start of the same node.
enum StatusSequence {
    static func now() -> UInt64 { UInt64(max(0, Date().timeIntervalSince1970 * 1000)) }
}
