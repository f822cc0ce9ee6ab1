internal import SluiceAPI

/// What peers did wrong, counted by peer and offence.
struct PeerReports {
    /// Peers remembered at most.
    private static let maximumReports = 256

    private var reports: [PeerReport] = []

    var all: [PeerReport] { reports }

    mutating func add(_ peer: String, _ offence: PeerOffence) {
        if let at = reports.firstIndex(where: { $0.peer == peer && $0.offence == offence }) {
            reports[at].count += 1
        } else if reports.count < Self.maximumReports {
            var report = PeerReport()
            report.peer = peer
            report.offence = offence
            report.count = 1
            reports.append(report)
        }
    }
}
