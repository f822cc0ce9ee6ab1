/// An IMF-fixdate (RFC 9110 section 5.6.7) in seconds since 1970.
package enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Nil for anything else, the obsolete forms included.
    package static func seconds(_ text: String) -> Int64? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let day = DecimalField.number(parts[1]), (1...31).contains(day),
            let month = months.firstIndex(of: String(parts[2])), let year = DecimalField.number(parts[3]),
            (1970...9999).contains(year)
        else { return nil }
        let clock = parts[4].split(separator: ":").compactMap { DecimalField.number($0) }
        guard clock.count == 3, clock[0] < 24, clock[1] < 60, clock[2] <= 60 else { return nil }
        // Days from 1970 by a year that begins in March, so that a leap day is its last.
        let shifted = Int64(year) - (month < 2 ? 1 : 0)
        let dayOfYear = (153 * Int64((month + 10) % 12) + 2) / 5 + Int64(day) - 1
        let days = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
        return days * 86_400 + Int64(clock[0] * 3600 + clock[1] * 60 + clock[2])
    }
}
