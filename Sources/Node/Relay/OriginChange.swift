/// The origin serves other content than the blob was made of: nothing of it may be mixed in.
struct OriginChange: Error, CustomStringConvertible {
    let description: String
}
