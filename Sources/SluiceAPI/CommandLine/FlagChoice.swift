/// One value of a flag that takes one of a few: a value of an enum.
package struct FlagChoice: Hashable, Sendable {
    /// As it is written in a shell, such as `relay`.
    package let name: String
    /// As the proto has it, such as `NODE_ROLE_RELAY`.
    package let value: String
    package let help: String

    package init(_ name: String, _ value: String, help: String) {
        self.name = name
        self.value = value
        self.help = help
    }
}
