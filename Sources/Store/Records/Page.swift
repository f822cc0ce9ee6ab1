/// One page of a listing.
package struct Page<Record: Sendable>: Sendable {
    /// The records, in the listing's order.
    package let records: [Record]
    /// Asks for the next page; nil on the last one. Stays good while records come and go.
    package let nextToken: String?

    package init(records: [Record], nextToken: String?) {
        self.records = records
        self.nextToken = nextToken
    }
}

extension Page: Equatable where Record: Equatable {}
