/// The head of a response.
package struct HTTPResponseHead: Hashable, Sendable {
    /// 200 to 599.
    package var status: Int
    package var fields: HTTPFields

    package init(status: Int, fields: HTTPFields = HTTPFields()) {
        self.status = status
        self.fields = fields
    }
}
