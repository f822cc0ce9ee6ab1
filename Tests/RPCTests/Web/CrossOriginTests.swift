import HTTP
import Testing
import Units

@testable import RPC

@Suite struct CrossOriginTests {
    @Test(arguments: [
        ("https", "https://control.example:7447", true), ("https", "HTTPS://Control.Example:7447", true),
        ("http", "http://control.example:7447", true), ("https", "http://control.example:7447", false),
        ("https", "https://control.example", false), ("https", "https://evil.example", false),
        ("https", "https://evil.control.example:7447", false), ("https", "null", false),
    ])
    func `a page is of this server where scheme, host and port are the same`(scheme: String, page: String, isOwn: Bool)
    {
        var fields = HTTPFields()
        fields.append("origin", page)
        let head = HTTPRequestHead(
            method: "POST",
            scheme: scheme,
            authority: "control.example:7447",
            path: "/",
            fields: fields
        )
        #expect((CrossOrigin(allowedOrigins: [], lifetime: .seconds(1)).verdict(head) == .own) == isOwn)
    }
}
