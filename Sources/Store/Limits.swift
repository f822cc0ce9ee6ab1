/// Every limit of the store.
package enum Limits {
    /// Records on a page unless asked otherwise (the API's default).
    package static let defaultPageSize = 50
    /// Records on a page at most (the API's limit).
    package static let maximumPageSize = 1000
    /// How long a write waits for another process that holds the database, in seconds.
    package static let busyTimeoutSeconds = 5.0
    /// Users' tokens at most: control holds all in memory.
    package static let maximumAPITokens = 10_000
    /// Join tokens that have not ended at most.
    package static let maximumJoinTokens = 100_000
    /// Audit entries that are kept of what was done, and of what was refused or failed; the oldest go first. They are counted
    /// now and then, so there can be a few more.
    package static let maximumAuditEntries = 100_000
    package static let maximumAuditFailures = 10_000
    /// Entries between two counts.
    static let auditEntriesBetweenCounts: Int64 = 64
    /// The largest opaque value in one column, in bytes: above any message control may encode (64 MiB).
    package static let maximumValueBytes = 64 << 20
}
