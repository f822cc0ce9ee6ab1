package import Units

/// What a client tells a tracker (BEP 3, 7, 23).
package struct AnnounceRequest: Hashable, Sendable {
    package let infoHash: InfoHash
    package let peerID: PeerID
    package let port: UInt16
    package let uploaded: ByteCount
    package let downloaded: ByteCount
    package let left: ByteCount
    package let event: AnnounceEvent
    /// Peers wanted at most.
    package let wanted: Int
    /// False asks for the list of dictionaries of BEP 3.
    package let isCompact: Bool

    package init(
        infoHash: InfoHash,
        peerID: PeerID,
        port: UInt16,
        uploaded: ByteCount = .zero,
        downloaded: ByteCount = .zero,
        left: ByteCount,
        event: AnnounceEvent = .none,
        wanted: Int = 50,
        isCompact: Bool = true
    ) {
        self.infoHash = infoHash
        self.peerID = peerID
        self.port = port
        self.uploaded = uploaded
        self.downloaded = downloaded
        self.left = left
        self.event = event
        self.wanted = wanted
        self.isCompact = isCompact
    }

    /// The query of an announce URL, without the question mark.
    package var query: String {
        var parts = [
            "info_hash=\(PercentEncoding.encode(infoHash.bytes))", "peer_id=\(PercentEncoding.encode(peerID.bytes))",
            "port=\(port)", "uploaded=\(uploaded.rawValue)", "downloaded=\(downloaded.rawValue)",
            "left=\(left.rawValue)", "compact=\(isCompact ? 1 : 0)", "numwant=\(wanted)",
        ]
        if event != .none { parts.append("event=\(event.rawValue)") }
        return parts.joined(separator: "&")
    }

    /// Reads a query as an HTTP server got it; throws the sentence a client is told.
    package init(query: String) throws(TrackerFailure) {
        guard query.utf8.count <= Limits.maximumAnnounceQueryBytes else { throw TrackerFailure("query too long") }
        var fields: [String: [UInt8]] = [:]
        for part in query.utf8.split(separator: UInt8(ascii: "&")) {
            guard let equals = part.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let name = String(decoding: part[..<equals], as: UTF8.self)
            fields[name] = PercentEncoding.decode(Array(part[part.index(after: equals)...]))
        }
        func number(_ name: String) -> UInt64? { fields[name].flatMap { UInt64(String(decoding: $0, as: UTF8.self)) } }
        guard let infoHash = fields["info_hash"].flatMap({ InfoHash(bytes: $0) }) else {
            throw TrackerFailure("info_hash is not 20 bytes")
        }
        guard let peerID = fields["peer_id"].flatMap({ PeerID(bytes: $0) }) else {
            throw TrackerFailure("peer_id is not 20 bytes")
        }
        guard let port = number("port").flatMap({ UInt16(exactly: $0) }), port > 0 else {
            throw TrackerFailure("port is not 1 to 65535")
        }
        self.init(
            infoHash: infoHash,
            peerID: peerID,
            port: port,
            uploaded: ByteCount(rawValue: number("uploaded") ?? 0),
            downloaded: ByteCount(rawValue: number("downloaded") ?? 0),
            left: ByteCount(rawValue: number("left") ?? .max),
            event: fields["event"].flatMap { AnnounceEvent(rawValue: String(decoding: $0, as: UTF8.self)) } ?? .none,
            wanted: number("numwant").map { Int(min($0, UInt64(Limits.maximumPeersPerAnswer))) } ?? 50,
            isCompact: number("compact") != 0
        )
    }
}
