internal import BitTorrent
internal import Manifest
internal import Units

/// A torrent whose hashes are all known: the one we built, or the publisher's.
struct FinishedTorrent: Sendable {
    let content: [UInt8]
    let info: [UInt8]
    let infoHashes: [InfoHash]

    init(_ built: BuiltTorrent) {
        self.content = built.content
        self.info = built.info
        self.infoHashes = built.infoHashes
    }

    init(_ metainfo: Metainfo, content: [UInt8]) {
        self.content = content
        self.info = metainfo.info
        self.infoHashes = metainfo.infoHashes
    }

    func answers(to name: String) -> Bool { infoHashes.contains { $0.hex == name.lowercased() } }
}
