/// Every limit of the store.
package enum Limits {
    /// Records on a page unless asked otherwise (the API's default).
    package static let defaultPageSize = 50
    /// Records on a page at most (the API's limit).
    package static let maximumPageSize = 1000
    /// How long a write waits for another process that holds the database, in seconds.
    package static let busyTimeoutSeconds = 5.0
    /// Audit entries that are kept; the oldest go first.
    package static let maximumAuditEntries = 100_000
    /// The largest opaque value in one column, in bytes: above any message control may encode (64 MiB).
    package static let maximumValueBytes = 64 << 20
}
