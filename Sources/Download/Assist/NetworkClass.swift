/// What a network does to BitTorrent.
package enum NetworkClass: Hashable, Sendable {
    /// Not known yet.
    case unknown
    /// BitTorrent works both ways.
    case open
    /// Nobody reaches this node from outside; it reaches others.
    case inboundBlocked
    /// BitTorrent connections are reset or swallowed while HTTP to the same place works.
    case bitTorrentBlocked
    /// BitTorrent connections are far slower than HTTP from the same place.
    case bitTorrentThrottled
}
