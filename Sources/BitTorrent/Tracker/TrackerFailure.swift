/// A tracker's refusal, as `failure reason` (BEP 3).
package struct TrackerFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the client is told.
    package let description: String
    package init(_ description: String) { self.description = description }
    /// The bencoded answer.
    package var response: [UInt8] { BencodeValue.fields(["failure reason": .text(description)]).encoded }
}
