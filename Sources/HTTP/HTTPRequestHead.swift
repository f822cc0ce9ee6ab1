/// The head of a request, HTTP/1.1 or HTTP/2.
package struct HTTPRequestHead: Hashable, Sendable {
    package var method: String
    /// `http` or `https`.
    package var scheme: String
    /// Host and port as the client names them.
    package var authority: String
    /// Path and query.
    package var path: String
    package var fields: HTTPFields

    package init(method: String, scheme: String, authority: String, path: String, fields: HTTPFields = HTTPFields()) {
        self.method = method
        self.scheme = scheme
        self.authority = authority
        self.path = path
        self.fields = fields
    }
}
