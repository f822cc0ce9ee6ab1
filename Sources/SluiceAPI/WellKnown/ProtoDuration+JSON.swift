package import RPC

extension ProtoDuration {
    /// The same span; nanoseconds beyond what the message holds are cut off.
    package init(_ duration: Duration) {
        self.init()
        seconds = duration.components.seconds
        nanos = Int32(duration.components.attoseconds / 1_000_000_000)
    }

    /// Ten thousand years: what a duration may say.
    private static let mostSeconds: UInt64 = 315_576_000_000
    private static let mostNanos: UInt32 = 999_999_999

    /// Whether it is a duration at all: within ten thousand years, with less than a second in nanoseconds, and these of the
    /// same sign (google/protobuf/duration.proto).
    package var isValid: Bool {
        seconds.magnitude <= Self.mostSeconds && nanos.magnitude <= Self.mostNanos
            && (seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0))
    }

    /// The span as Swift has it. A stranger's message can hold any numbers: those beyond what a duration may be become the
    /// nearest that it may.
    package var duration: Duration {
        let (most, fraction) = (Int64(Self.mostSeconds), Int64(Self.mostNanos))
        return .seconds(min(max(seconds, -most), most)) + .nanoseconds(min(max(Int64(nanos), -fraction), fraction))
    }

    /// Such as `"3.5s"`: seconds with up to nine decimals. A stranger's message can hold any numbers: those beyond what a
    /// duration may be become the nearest that it may.
    package var json: JSONValue {
        let sign = seconds < 0 || nanos < 0 ? "-" : ""
        let whole = min(seconds.magnitude, Self.mostSeconds)
        return .string("\(sign)\(whole)\(DecimalFraction.text(min(nanos.magnitude, Self.mostNanos)))s")
    }

    /// Reads `"3.5s"`.
    package init(json: JSONValue) throws(ProtobufError) {
        self.init()
        let wrong = ProtobufError("a duration is seconds with up to nine decimals and an s, such as \"3.5s\"")
        guard case .string(let text) = json, text.hasSuffix("s") else { throw wrong }
        let isNegative = text.hasPrefix("-")
        let parts = text.dropLast().dropFirst(isNegative ? 1 : 0).split(
            separator: ".",
            omittingEmptySubsequences: false
        )
        guard (1...2).contains(parts.count), parts[0].utf8.allSatisfy({ (48...57).contains($0) }),
            let whole = Int64(parts[0]), whole <= Self.mostSeconds,
            let fraction = parts.count == 2 ? DecimalFraction.nanoseconds(parts[1]) : 0
        else { throw wrong }
        seconds = isNegative ? -whole : whole
        nanos = isNegative ? -fraction : fraction
    }
}
