/// Digits as they stand in header fields: no sign, no space.
enum DecimalField {
    /// Nil for anything but 1 to 19 digits.
    static func number(_ text: some StringProtocol) -> UInt64? {
        guard (1...19).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return UInt64(text)
    }
}
