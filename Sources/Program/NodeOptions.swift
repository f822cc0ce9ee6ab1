package import ArgumentParser
internal import SluiceAPI

/// What relays and agents have in common.
package struct NodeOptions: ParsableArguments {
    package init() {}

    @Option(help: "Control's address, HOST:PORT.")
    package var control = HostPort(host: "127.0.0.1", port: 7447)
    @Option(
        help: ArgumentHelp(
            "How it talks to control.",
            discussion: "auto holds a stream, and polls where the network lets none stand; it tries the stream again."
        )
    )
    package var controlTransport = ControlTransportArgument.automatic
    @Option(help: "A join token, or @FILE that holds one, for the first start. Also from SLUICE_JOIN_TOKEN.")
    package var joinToken: SecretArgument?
    @Option(help: "The folder for its cache and state.")
    package var data: String
    @Option(help: "A name for this node: 1 to 63 of a-z, 0-9 and -. One is made and kept in --data by default.")
    package var name: String?
    @Option(help: "A label key=value; repeat for more.")
    package var label: [LabelArgument] = []
    @Option(help: "Disk space for the cache in bytes; 90 % of what is free by default.")
    package var cacheBytes: UInt64?
    @Option(help: "Bytes per second that may leave for BitTorrent peers; no limit by default.")
    package var maxUpload: UInt64?
}
