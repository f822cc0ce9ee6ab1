internal import ArgumentParser
internal import SluiceAPI
package import Units

/// A number of bytes, or of bytes per second, as flags give it, such as `4096`, `64MiB` or `10MB/s`: as generated commands
/// read it.
package struct SizeArgument: ExpressibleByArgument, Sendable {
    package let bytes: ByteCount

    package init?(argument: String) {
        guard let bytes = try? HumanUnits.bytes(argument, "it") else { return nil }
        self.bytes = ByteCount(rawValue: bytes)
    }
}
