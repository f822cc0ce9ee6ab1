/// A Content-Range field (RFC 9110 section 14.4).
package struct ContentRange: Hashable {
    /// First byte; nil, as the last, for `bytes */total`.
    package let first: UInt64?
    /// Last byte; not below the first, below the total.
    package let last: UInt64?
    /// Nil for `*`.
    package let total: UInt64?

    /// Nil for anything that is not of that form, or contradicts itself.
    package init?(_ text: String) {
        let parts = text.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bytes" else { return nil }
        let halves = parts[1].split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        if halves[1] == "*" {
            total = nil
        } else {
            guard let number = DecimalField.number(halves[1]) else { return nil }
            total = number
        }
        if halves[0] == "*" {
            (first, last) = (nil, nil)
            return
        }
        let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let low = DecimalField.number(ends[0]), let high = DecimalField.number(ends[1]),
            low <= high, high < .max, total.map({ high < $0 }) ?? true
        else { return nil }
        (first, last) = (low, high)
    }
}
