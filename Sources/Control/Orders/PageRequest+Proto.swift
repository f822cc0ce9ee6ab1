internal import Store

extension PageRequest {
    /// As the list methods have it: 0 means the default size, an empty token the first page.
    init(_ size: UInt32, _ token: String) {
        let wanted = size == 0 ? Limits.defaultPageSize : min(Int(size), Limits.maximumPageSize)
        self.init(size: wanted, token: token.isEmpty ? nil : token)
    }
}
