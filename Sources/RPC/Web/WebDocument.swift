/// A text that a server gives to whoever asks.
package struct WebDocument: Hashable, Sendable {
    /// Such as `application/json`.
    package let contentType: String
    package let text: String

    package init(contentType: String, text: String) {
        self.contentType = contentType
        self.text = text
    }
}
