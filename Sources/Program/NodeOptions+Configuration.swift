internal import FoundationEssentials
package import Node
internal import Units

extension NodeOptions {
    package func configuration(
        listen: HostPort,
        _ security: PlaintextOptions,
        _ limits: ConnectionLimitOptions
    ) throws -> NodeConfiguration {
        var configuration = NodeConfiguration(
            controlHost: control.host,
            controlPort: control.port,
            dataDirectory: data,
            host: listen.host,
            port: listen.port
        )
        if let name {
            guard let id = NodeID(name) else {
                throw UserError(.invalidArgument, "\(name) is not a name of 1 to 63 of a-z, 0-9 and -")
            }
            configuration.name = id
        }
        if security.isPlaintext {
            try security.check(control)
            configuration.servesPlainHTTP = security.insecurePlaintext
        } else {
            let given = try joinToken?.text() ?? ProcessInfo.processInfo.environment["SLUICE_JOIN_TOKEN"]
            configuration.security = .enrolled(joinToken: given)
        }
        try limits.apply(to: &configuration.httpLimits)
        try limits.apply(to: &configuration.handshakes)
        configuration.controlTransport = controlTransport.transport
        configuration.labels = label.map(\.label)
        configuration.advertised = advertise.map { ($0.host, $0.port) }
        configuration.version = SluiceVersion.text
        configuration.cacheBytes = cacheBytes?.bytes
        configuration.uploadLimit = maxUpload.map { BytesPerSecond(rawValue: $0.bytes.rawValue) }
        configuration.seed = seed
        return configuration
    }
}
