/// Why an announce is sent (BEP 3); `none` is a regular one.
package enum AnnounceEvent: String, Hashable, Sendable {
    case none, started, stopped, completed
}
