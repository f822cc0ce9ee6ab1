package import RPC

extension Timestamp {
    /// An instant in milliseconds since 1970.
    package init(milliseconds: Int64) {
        self.init()
        let whole = (milliseconds >= 0 ? milliseconds : milliseconds - 999) / 1000
        seconds = whole
        nanos = Int32(milliseconds - whole * 1000) * 1_000_000
    }

    /// What RFC 3339 can say: the years 1 to 9999.
    private static let firstSecond: Int64 = -62_135_596_800
    private static let lastSecond: Int64 = 253_402_300_799

    /// RFC 3339 in UTC, such as `"2026-11-23T20:00:00.250Z"`. A stranger's message can hold any numbers: those beyond what
    /// a timestamp may be become the nearest that it may.
    package var json: JSONValue {
        let seconds = min(max(seconds, Self.firstSecond), Self.lastSecond)
        let fraction = DecimalFraction.text(UInt32(min(max(nanos, 0), 999_999_999)))
        let days = Self.floorDivide(seconds, 86_400)
        let rest = seconds - days * 86_400
        let (year, month, day) = Self.civil(days)
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let years = String(repeating: "0", count: max(0, 4 - String(year).count)) + String(year)
        let time = "\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))"
        return .string("\(years)-\(two(month))-\(two(day))T\(time)\(fraction)Z")
    }

    /// Reads RFC 3339, in UTC or with an offset from it.
    package init(json: JSONValue) throws(ProtobufError) {
        self.init()
        let wrong = ProtobufError(
            "a timestamp is RFC 3339, such as \"2026-11-23T20:00:00Z\" or \"2026-11-23T21:00:00+01:00\""
        )
        guard case .string(let text) = json else { throw wrong }
        var rest = Array(text.utf8)[...]
        guard let year = Self.number(4, &rest), Self.take("-", &rest), let month = Self.number(2, &rest),
            Self.take("-", &rest), let day = Self.number(2, &rest), Self.take("Tt", &rest),
            let hour = Self.number(2, &rest), Self.take(":", &rest), let minute = Self.number(2, &rest),
            Self.take(":", &rest), let second = Self.number(2, &rest),
            let fraction = Self.fraction(&rest), let offset = Self.offset(&rest), rest.isEmpty,
            (1...9999).contains(year), (1...12).contains(month), (1...31).contains(day),
            hour <= 23, minute <= 59, second <= 59
        else { throw wrong }
        let days = Self.days(year, month, day)
        guard Self.civil(days) == (year, month, day) else { throw wrong }
        seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
        nanos = fraction
        // An offset can lead out of what may be said.
        guard (Self.firstSecond...Self.lastSecond).contains(seconds) else { throw wrong }
    }

    private static func number(_ count: Int, _ rest: inout ArraySlice<UInt8>) -> Int64? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        rest = rest.dropFirst(count)
        return digits.reduce(0) { $0 * 10 + Int64($1) - 48 }
    }

    /// Whether one of these characters stands next; then it is taken.
    private static func take(_ one: String, _ rest: inout ArraySlice<UInt8>) -> Bool {
        guard let next = rest.first, one.utf8.contains(next) else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Nanoseconds; nil where a point has no digits behind it, or too many.
    private static func fraction(_ rest: inout ArraySlice<UInt8>) -> Int32? {
        guard take(".", &rest) else { return 0 }
        let digits = rest.prefix { (48...57).contains($0) }
        rest = rest.dropFirst(digits.count)
        return DecimalFraction.nanoseconds(String(decoding: digits, as: UTF8.self)[...])
    }

    /// How many seconds the clock is ahead of UTC; nil where it does not say.
    private static func offset(_ rest: inout ArraySlice<UInt8>) -> Int64? {
        if take("Zz", &rest) { return 0 }
        let isBehind = rest.first == UInt8(ascii: "-")
        guard take("+-", &rest), let hours = number(2, &rest), take(":", &rest), let minutes = number(2, &rest),
            hours <= 23, minutes <= 59
        else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return isBehind ? -seconds : seconds
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor)
    }

    /// Days since 1970-01-01 of a date in the proleptic Gregorian calendar.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = floorDivide(shifted, 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The date of a day since 1970-01-01.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }
}
