internal import SluiceAPI

/// What a node says of its work is kept and added up: it is first brought within what can be.
extension TaskStatus {
    /// Bytes a second that no machine reaches: a pebibyte.
    private static let mostRate: UInt64 = 1 << 50
    /// Bytes that no task moves: an exbibyte.
    private static let mostBytes: UInt64 = 1 << 60
    /// Of texts, in bytes.
    static let longestText = 1024
    private static let longestName = 64
    /// Peers that it tells of.
    static let mostReports = 256

    /// The same, with no more verified than the blob has, and every number and text within its bound.
    func bounded(by size: UInt64) -> TaskStatus {
        var status = self
        status.message = message.prefix(bytes: Self.longestText)
        status.assist = assist.prefix(bytes: Self.longestText)
        status.originChanged = originChanged.prefix(bytes: Self.longestText)
        status.sha256 = sha256.prefix(bytes: Self.longestName)
        status.verifiedBytes = min(verifiedBytes, size)
        status.bytesPerSecond = min(bytesPerSecond, Self.mostRate)
        status.originBytes = min(originBytes, Self.mostBytes)
        status.servedBytes = min(servedBytes, Self.mostBytes)
        status.sources = sources?.bounded(by: Self.mostBytes)
        if elapsed?.isValid == false { status.elapsed = nil }
        status.reports = reports.prefix(Self.mostReports).map { report in
            var report = report
            report.peer = report.peer.prefix(bytes: Self.longestName)
            return report
        }
        return status
    }
}

extension SourceBytes {
    fileprivate func bounded(by most: UInt64) -> SourceBytes {
        var sources = self
        sources.agentPeers = min(agentPeers, most)
        sources.relayPeers = min(relayPeers, most)
        sources.relayHttp = min(relayHttp, most)
        sources.origin = min(origin, most)
        sources.duplicate = min(duplicate, most)
        return sources
    }
}

extension String {
    /// As many whole characters (Unicode scalars) as fit into so many bytes.
    func prefix(bytes most: Int) -> String {
        guard utf8.count > most else { return self }
        var end = utf8.index(startIndex, offsetBy: most)
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
