internal import SluiceAPI
internal import Store
internal import Units

extension Blob {
    /// As nodes are told of it.
    init(_ record: BlobRecord, allowPrivateAddresses: Bool, baseURLs: [String]) {
        self.init()
        id = record.id.bytes
        size = record.size.rawValue
        pieceLength = record.pieceLength
        url = record.url
        etag = record.etag
        lastModified = record.lastModified
        fileName = record.fileName
        sha256 = record.sha256
        origin = record.origin.text
        torrent = record.publisherTorrent
        self.allowPrivateAddresses = allowPrivateAddresses
        baseUrls = baseURLs
    }
}

extension Endpoint {
    init(_ relay: RelayCandidate) {
        self.init()
        node = relay.node.text
        address = relay.address
        tls = relay.usesTLS
        site = relay.site
    }
}
