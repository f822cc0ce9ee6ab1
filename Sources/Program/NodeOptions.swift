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
    @Option(
        help: ArgumentHelp(
            "@FILE that holds a join token, or - for standard input; for the first start.",
            discussion:
                "Also from SLUICE_JOIN_TOKEN. Its text works too, but everybody on this machine can read it then.",
            valueName: "@file"
        )
    )
    package var joinToken: SecretArgument?
    @Option(help: "HOST:PORT where others reach it, such as behind a translated address; where it listens by default.")
    package var advertise: HostPort?
    @Option(help: "The folder for its cache and state.")
    package var data: String
    @Option(help: "A name for this node: 1 to 63 of a-z, 0-9 and -. One is made and kept in --data by default.")
    package var name: String?
    @Option(help: "A label key=value; repeat for more.")
    package var label: [LabelArgument] = []
    @Option(help: "Disk space for the cache, such as 64GiB; 90 % of what is free by default.")
    package var cacheBytes: SizeArgument?
    @Option(help: "Bytes per second that may leave for BitTorrent peers, such as 10MB/s; no limit by default.")
    package var maxUpload: SizeArgument?
    @Option(
        help: ArgumentHelp(
            "A number where random choices begin, such as which piece is asked for first.",
            discussion: "For runs that are to be repeated: nodes of the same names and numbers choose alike."
        )
    )
    package var seed: UInt64?
}
