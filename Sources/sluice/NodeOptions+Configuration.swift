import Node
import Units

extension NodeOptions {
    func configuration(listen: HostPort) throws -> NodeConfiguration {
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
        configuration.labels = label.map(\.label)
        configuration.version = SluiceVersion.text
        configuration.cacheBytes = cacheBytes.map { ByteCount(rawValue: $0) }
        configuration.uploadLimit = maxUpload.map { BytesPerSecond(rawValue: $0) }
        return configuration
    }
}
