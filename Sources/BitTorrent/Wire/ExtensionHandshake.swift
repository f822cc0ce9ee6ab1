/// What a peer says of its extensions (BEP 10, message id 0).
package struct ExtensionHandshake: Hashable, Sendable {
    /// Ids by which the sender wants to get messages, from 1.
    package let identifiers: [String: UInt8]
    /// Bytes of the info dictionary (BEP 9), where it is known.
    package let metadataSize: Int?
    /// Requests the sender lets wait.
    package let requestQueue: Int?
    package let client: String?
    /// The port the sender listens on.
    package let port: UInt16?
    /// The place that the sender is at, as its operator calls it: `sl_site`, 63 bytes at most. Only our own kind says it.
    package let site: String?

    package init(
        identifiers: [String: UInt8],
        metadataSize: Int? = nil,
        requestQueue: Int? = nil,
        client: String? = nil,
        port: UInt16? = nil,
        site: String? = nil
    ) {
        self.identifiers = identifiers
        self.metadataSize = metadataSize
        self.requestQueue = requestQueue
        self.client = client
        self.port = port
        self.site = site
    }

    /// The payload after the extension id.
    package var encoded: [UInt8] {
        var fields: [String: BencodeValue] = ["m": .fields(identifiers.mapValues { .integer(Int64($0)) })]
        if let metadataSize { fields["metadata_size"] = .integer(Int64(metadataSize)) }
        if let requestQueue { fields["reqq"] = .integer(Int64(requestQueue)) }
        if let client { fields["v"] = .text(client) }
        if let port { fields["p"] = .integer(Int64(port)) }
        if let site { fields["sl_site"] = .text(site) }
        return BencodeValue.fields(fields).encoded
    }

    /// Reads a payload; fields of a wrong kind count as absent.
    package init(decoding payload: [UInt8]) throws(WireError) {
        guard let value = try? BencodeValue(decoding: payload), value.dictionary != nil else {
            throw .malformedExtension
        }
        var identifiers: [String: UInt8] = [:]
        for (name, id) in value[key: "m"]?.dictionary ?? [:] {
            guard let name = String(validating: name, as: UTF8.self), let number = id.integer,
                let number = UInt8(exactly: number), number != 0
            else { continue }
            identifiers[name] = number
        }
        let size = value[key: "metadata_size"]?.integer ?? -1
        self.init(
            identifiers: identifiers,
            metadataSize: (1...Int64(Limits.maximumMetadataBytes)).contains(size) ? Int(size) : nil,
            requestQueue: value[key: "reqq"]?.integer.flatMap { $0 > 0 ? Int(clamping: $0) : nil },
            client: value[key: "v"]?.text,
            port: value[key: "p"]?.integer.flatMap { UInt16(exactly: $0) },
            site: value[key: "sl_site"]?.text.flatMap {
                (1...Limits.maximumSiteBytes).contains($0.utf8.count) ? $0 : nil
            }
        )
    }
}
