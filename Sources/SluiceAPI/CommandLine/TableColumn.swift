/// One column of the table that a list command prints: a field of what is listed.
package struct TableColumn: Hashable, Sendable {
    /// How its values read best.
    package enum Format: Hashable, Sendable {
        case plain
        /// Bytes, in the largest unit that fits.
        case size
        /// An enum's name without the prefix that all its names share.
        case choice(prefix: String)
    }
    /// The field's name in JSON.
    package let name: String
    package let format: Format

    package init(_ name: String, _ format: Format = .plain) {
        self.name = name
        self.format = format
    }
}
