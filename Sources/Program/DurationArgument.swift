internal import ArgumentParser

/// A duration as flags give it: a number and one of `ms`, `s`, `m`, `h`.
package struct DurationArgument: ExpressibleByArgument, Sendable {
    package let duration: Duration

    package init(_ duration: Duration) { self.duration = duration }

    package init?(argument: String) {
        let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)]
        for (suffix, seconds) in units where argument.hasSuffix(suffix) {
            guard let value = Double(argument.dropLast(suffix.count)), value >= 0, value < 1e9 else { continue }
            duration = .milliseconds(Int64(value * seconds * 1000))
            return
        }
        return nil
    }

    package var defaultValueDescription: String { "\(Int(duration / .seconds(1)))s" }
}
