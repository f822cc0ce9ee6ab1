/// What an `RPCServer` serves beside gRPC on the same port: resources in JSON, the Connect protocol, gRPC-Web.
package struct WebOptions: Sendable {
    /// The methods as resources; generated code makes these.
    package var routes: [HTTPRoute]
    /// Documents by their path, such as the OpenAPI description.
    package var documents: [String: WebDocument]
    /// Origins whose pages may call from a browser, such as `https://console.example`; `*` for every one. Pages of
    /// this server's own origin always may.
    package var allowedOrigins: [String]
    package var limits: WebLimits

    package init(
        routes: [HTTPRoute],
        documents: [String: WebDocument] = [:],
        allowedOrigins: [String] = [],
        limits: WebLimits = WebLimits()
    ) {
        self.routes = routes
        self.documents = documents
        self.allowedOrigins = allowedOrigins
        self.limits = limits
    }
}
