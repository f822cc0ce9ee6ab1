import ArgumentParser

/// `sluice-bench`: the load that `tools/bench` measures control under. Not part of what a user installs.
@main
struct SluiceBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sluice-bench",
        abstract: "Makes load for measurements; see tools/bench.",
        subcommands: [ControlLoad.self, UnaryLoad.self]
    )
}
