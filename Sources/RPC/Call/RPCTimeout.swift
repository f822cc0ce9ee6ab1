internal import Units

/// The form of `grpc-timeout`: 1 to 8 digits and one of H M S m u n (PROTOCOL-HTTP2).
package enum RPCTimeout {
    private static let units: [(letter: Character, nanoseconds: Int64)] = [
        ("n", 1), ("u", 1_000), ("m", 1_000_000), ("S", 1_000_000_000), ("M", 60_000_000_000),
        ("H", 3_600_000_000_000),
    ]
    /// What 8 digits hold.
    private static let maximumDigits: Int64 = 99_999_999

    /// Nil where the text breaks the form.
    package static func parse(_ text: some StringProtocol) -> Duration? {
        guard let letter = text.last, let unit = units.first(where: { $0.letter == letter }) else { return nil }
        let digits = text.dropLast()
        guard (1...8).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let number = Int64(digits)
        else { return nil }
        let (seconds, rest) = (unit.nanoseconds / 1_000_000_000, unit.nanoseconds % 1_000_000_000)
        return .seconds(seconds * number) + .nanoseconds(rest * number)
    }

    /// The finest unit that fits, rounded up; a duration of zero or below is `1n`, an endless one the longest there is.
    package static func format(_ duration: Duration) -> String {
        let total = max(1, duration.nanoseconds)
        for unit in units {
            let number = total / unit.nanoseconds + (total % unit.nanoseconds == 0 ? 0 : 1)
            if number <= maximumDigits { return "\(number)\(unit.letter)" }
        }
        return "\(maximumDigits)H"
    }
}
