package import Units

/// The client's side of a tracker: when to announce next and what the answers say (BEP 3, 7, 23). Sends nothing itself.
package struct TrackerAnnounce: Sendable {
    /// The tracker's URL, without our query.
    package let tracker: String
    /// When the next regular announce is due.
    package private(set) var nextAnnounce: BootTime
    private var failures = 0

    /// Due at once.
    package init(tracker: String, at now: BootTime) {
        self.tracker = tracker
        nextAnnounce = now
    }

    /// The URL to get.
    package func url(for request: AnnounceRequest) -> String {
        tracker + (tracker.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + request.query
    }

    /// An answer arrived; returns the peers in it and sets when to come back (30 s to 2 h).
    package mutating func answered(_ body: [UInt8], at now: BootTime) throws(TrackerFailure) -> [PeerAddress] {
        guard body.count <= Limits.maximumTrackerAnswerBytes, let value = try? BencodeValue(decoding: body),
            value.dictionary != nil
        else {
            failed(at: now)
            throw TrackerFailure("the tracker's answer is not bencoded")
        }
        if let reason = value[key: "failure reason"]?.bytes {
            failed(at: now)
            throw TrackerFailure(String(decoding: reason.prefix(200), as: UTF8.self))
        }
        failures = 0
        let interval = min(max(value[key: "interval"]?.integer ?? 1800, 30), 7200)
        nextAnnounce = now + .seconds(interval)
        var peers = value[key: "peers"]?.bytes.map { PeerAddress.list(compact: $0, width: 4) } ?? []
        for entry in value[key: "peers"]?.list ?? [] {
            guard let address = entry[key: "ip"]?.text.flatMap(Self.address), let port = entry[key: "port"]?.integer,
                let port = UInt16(exactly: port), let peer = PeerAddress(address: address, port: port)
            else { continue }
            peers.append(peer)
        }
        peers += value[key: "peers6"]?.bytes.map { PeerAddress.list(compact: $0, width: 16) } ?? []
        return Array(peers.filter { $0.port != 0 }.prefix(Limits.maximumPeersPerAnswer * 2))
    }

    /// Nothing usable came: again after 15 s, doubled up to 32 minutes.
    package mutating func failed(at now: BootTime) {
        failures = min(failures + 1, 8)
        nextAnnounce = now + .seconds(15 << (failures - 1))
    }

    /// Dotted IPv4 only; others come in compact form.
    private static func address(_ text: String) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).compactMap { UInt8($0) }
        return parts.count == 4 ? parts : nil
    }
}
