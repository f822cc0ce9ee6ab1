/// Where the hashes of a blob stand. Raw values are on disk.
package enum BlobState: String, Hashable, Sendable, CaseIterable {
    /// Hashes still arrive.
    case growing
    /// All hashes are known.
    case finished
    /// The origin changed, or relays disagree.
    case failed
}
