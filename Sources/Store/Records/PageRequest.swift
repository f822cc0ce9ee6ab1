/// Which page of a listing is wanted.
package struct PageRequest: Hashable, Sendable {
    /// How many records at most, 1 to `Limits.maximumPageSize`; outside it the nearer end counts.
    package let size: Int
    /// `nextToken` of the page before; nil or empty for the first page.
    package let token: String?

    package init(size: Int = Limits.defaultPageSize, token: String? = nil) {
        self.size = min(max(size, 1), Limits.maximumPageSize)
        self.token = token.flatMap { $0.isEmpty ? nil : $0 }
    }
}
