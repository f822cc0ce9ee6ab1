/// Which hashes a torrent that we build carries. Clients that do not know BEP 52 may fail on a hybrid's `file tree`, so
/// the same pieces are offered as version 1 alone too.
package enum TorrentVersion: Hashable, Sendable {
    /// Versions 1 and 2 (BEP 52).
    case hybrid
    /// BEP 3 alone.
    case v1
}
