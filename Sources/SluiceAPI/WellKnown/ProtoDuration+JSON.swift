package import RPC

extension ProtoDuration {
    /// The same span; nanoseconds beyond what the message holds are cut off.
    package init(_ duration: Duration) {
        self.init()
        seconds = duration.components.seconds
        nanos = Int32(duration.components.attoseconds / 1_000_000_000)
    }

    /// The span as Swift has it.
    package var duration: Duration { .seconds(seconds) + .nanoseconds(Int64(nanos)) }

    /// Such as `"3.5s"`: seconds with up to nine decimals.
    package var json: JSONValue {
        let sign = seconds < 0 || nanos < 0 ? "-" : ""
        return .string("\(sign)\(seconds.magnitude)\(DecimalFraction.text(nanos.magnitude))s")
    }

    /// Reads `"3.5s"`.
    package init(json: JSONValue) throws(ProtobufError) {
        self.init()
        let wrong = ProtobufError("a duration is seconds with up to nine decimals and an s, such as \"3.5s\"")
        guard case .string(let text) = json, text.hasSuffix("s") else { throw wrong }
        let isNegative = text.hasPrefix("-")
        let parts = text.dropLast().drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let whole = Int64(parts[0]), whole <= 315_576_000_000,
            let fraction = parts.count == 2 ? DecimalFraction.nanoseconds(parts[1]) : 0
        else { throw wrong }
        seconds = isNegative ? -whole : whole
        nanos = isNegative ? -fraction : fraction
    }
}
