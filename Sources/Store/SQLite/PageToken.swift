internal import Units

/// What stands in a page token: the sort key of the last record of the page before, so that records which come and go
/// neither repeat nor hide others.
struct PageToken: Hashable {
    /// Milliseconds since 1970 for listings by time, 0 for listings by id.
    let time: Int64
    let id: String

    init(time: Int64 = 0, id: String) {
        self.time = time
        self.id = id
    }

    /// Throws `invalidArgument` for a token that we did not make.
    init(text: String) throws(StoreError) {
        let bytes = Hexadecimal.decode(text) ?? []
        let parts = String(decoding: bytes, as: UTF8.self).split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let time = Int64(parts[0]), ResourceID<Never>(String(parts[1])) != nil else {
            throw StoreError(.invalidArgument, "the page token is not one of ours")
        }
        self.init(time: time, id: String(parts[1]))
    }

    var text: String { Hexadecimal.encode("\(time):\(id)".utf8) }
}
