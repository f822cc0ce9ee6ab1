/// The decimals of a second, as durations and timestamps write them.
enum DecimalFraction {
    /// Nothing, or a point and 3, 6 or 9 digits.
    static func text(_ nanoseconds: UInt32) -> String {
        guard nanoseconds > 0 else { return "" }
        var digits = String(nanoseconds)
        digits = String(repeating: "0", count: max(0, 9 - digits.count)) + digits
        while digits.hasSuffix("000") { digits.removeLast(3) }
        return "." + digits
    }

    /// Nil unless there are 1 to 9 digits.
    static func nanoseconds(_ digits: Substring) -> Int32? {
        guard (1...9).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return nil
        }
        return Int32(digits + String(repeating: "0", count: 9 - digits.utf8.count))
    }
}
