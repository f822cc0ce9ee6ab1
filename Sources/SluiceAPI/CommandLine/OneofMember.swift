/// That a flag belongs to one member of a oneof: flags of two members exclude each other.
package struct OneofMember: Hashable, Sendable {
    /// Which oneof.
    package let group: String
    /// Which of its members.
    package let member: String

    package init(group: String, member: String) {
        self.group = group
        self.member = member
    }
}
