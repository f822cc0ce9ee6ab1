internal import ArgumentParser
internal import SluiceAPI

/// A duration as flags give it, such as `30s`, `1m30s` or `2d`: as generated commands read it.
package struct DurationArgument: ExpressibleByArgument, Sendable {
    package let duration: Duration

    package init(_ duration: Duration) { self.duration = duration }

    package init?(argument: String) {
        guard let duration = try? HumanUnits.duration(argument, "it") else { return nil }
        self.duration = duration
    }

    package var defaultValueDescription: String { "\(Int(duration / .seconds(1)))s" }
}
