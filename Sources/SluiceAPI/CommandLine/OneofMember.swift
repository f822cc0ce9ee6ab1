/// That a flag belongs to one member of a oneof: flags of two members exclude each other.
package struct OneofMember: Hashable, Sendable {
    /// Which oneof: the names that lead to it in the request.
    package let group: String
    /// Where the member stands in the request's JSON.
    package let path: [String]

    package init(_ group: String, _ path: [String]) {
        self.group = group
        self.path = path
    }
}
