import Testing
import Transport

@Suite struct FirstBytesTests {
    @Test(arguments: [
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", DetectedProtocol.http2), ("GET / HTTP/1.1\r\n", .http1),
        ("POST /x HTTP/1.1\r\n", .http1), ("\u{13}BitTorrent protocol", .bitTorrent), ("\u{16}\u{3}\u{1}", .tls),
    ])
    func `each protocol is known however its bytes are cut`(text: String, expected: DetectedProtocol) {
        let bytes = Array(text.utf8)
        var decided: Int?
        for count in 0...bytes.count {
            switch FirstBytes.verdict(bytes.prefix(count)) {
            case .needMore: #expect(decided == nil)
            case .decided(let found):
                #expect(found == expected)
                decided = decided ?? count
            case .unknown: Issue.record("unknown after \(count) bytes")
            }
        }
        #expect(decided != nil)
    }

    @Test(arguments: ["get / HTTP/1.1", "\u{13}BitTorrent protocoX", "\u{16}\u{2}", "ABCDEFGHIJKLMNOPQ", " /", "\u{0}"])
    func `anything else is refused`(text: String) {
        #expect(FirstBytes.verdict(Array(text.utf8)) == .unknown)
    }

    @Test func `a prefix of the HTTP2 preface that turns into a method is HTTP1`() {
        #expect(FirstBytes.verdict(Array("PR".utf8)) == .needMore)
        #expect(FirstBytes.verdict(Array("PROPFIND /".utf8)) == .decided(.http1))
    }
}
