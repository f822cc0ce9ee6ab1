import Testing
import Units

@testable import OriginClient

@Suite
struct OriginRulesTests {
    @Test(arguments: [
        [127, 0, 0, 1], [10, 1, 2, 3], [172, 16, 0, 1], [172, 31, 255, 255], [192, 168, 1, 1], [169, 254, 169, 254],
        [100, 64, 0, 1], [0, 0, 0, 0], [224, 0, 0, 1], [255, 255, 255, 255],
    ])
    func `Addresses that are not public are refused, mapped ones too`(address: [UInt8]) {
        let rule = AddressRule(allowsPrivate: false)
        #expect(!rule.permits(address))
        #expect(!rule.permits([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] + address))
        #expect(!rule.permits([0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0] + address))
        #expect(AddressRule(allowsPrivate: true).permits(address) == (address[0] < 224))
    }

    @Test func `IPv6 addresses outside global unicast are refused`() {
        let rule = AddressRule(allowsPrivate: false)
        let zeros = [UInt8](repeating: 0, count: 13)
        for start: [UInt8] in [
            [0xfe, 0x80, 0], [0xfc, 0, 0], [0xfd, 1, 2], [0xff, 2, 0], [0, 0, 0], [0xfe, 0xc0, 0],
        ] {
            #expect(!rule.permits(start + zeros))
        }
        #expect(rule.permits([0x26, 0x06, 0x47] + zeros))
        #expect(rule.permits([93, 184, 216, 34]))
        #expect(!rule.permits([]))
    }

    @Test(arguments: [
        "ftp://a/", "file:///etc/passwd", "http://", "http://user@host/", "http://user:secret@host/", "http://a b/",
        "http://host/%2e%2e/x", "http://host:0/", "http://host:99999/", "http://ho\\st/", "http://[::1/", "//host/",
    ])
    func `Malformed and tricky URLs are refused`(text: String) {
        #expect(OriginURL(text) == nil)
    }

    @Test func `A base holds by whole segments after dots are resolved`() throws {
        let base = try #require(OriginURL("https://Host/base"))
        for inside in ["https://host:443/base/a?b", "https://host/base"] {
            #expect(OriginURL(inside)?.isBelow(base) == true)
        }
        for outside in ["https://host/baseless", "https://host/base/../other", "http://host/base/a"] {
            #expect(OriginURL(outside)?.isBelow(base) == false)
        }
        #expect(base.resolving("x/../y")?.path == "/y")
        #expect(base.resolving("javascript:x") == nil)
    }

    @Test func `Content-Range is read strictly`() {
        #expect(ContentRange("bytes 0-9/10")?.last == 9)
        #expect(ContentRange("bytes */10")?.total == 10)
        for text in [
            "bytes 9-0/10", "bytes 0-10/10", "bytes 0-9/1x", "bits 0-9/10", "bytes -9/10", "", "bytes +0-9/10",
        ] {
            #expect(ContentRange(text) == nil)
        }
    }

    @Test func `Retry-After is read in seconds and as a date`() {
        #expect(HTTPDate.seconds("Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
        #expect(HTTPDate.seconds("Thu, 29 Feb 2024 00:00:00 GMT") == 1_709_164_800)
        #expect(HTTPDate.seconds("Sunday, 06-Nov-94 08:49:37 GMT") == nil)
        var head = ResponseHead()
        _ = head.lineArrived("HTTP/1.1 503 Busy")
        _ = head.lineArrived("Date: Sun, 06 Nov 1994 08:49:37 GMT")
        _ = head.lineArrived("Retry-After: Sun, 06 Nov 1994 08:51:37 GMT")
        #expect(head.retryAfter == .seconds(120))
    }

    @Test func `The rate gate pays bytes over time`() {
        var gate = RateGate()
        #expect(gate.opening(at: 0) == nil)
        gate.rateChanged(to: BytesPerSecond(rawValue: 1000), at: 0)
        gate.bytesTaken(1000, at: 0)
        #expect(gate.opening(at: 0) == 1_000_000_000)
        #expect(gate.opening(at: 1_000_000_000) == nil)
        gate.rateChanged(to: .zero, at: 5)
        #expect(gate.opening(at: 5) == .max)
    }
}
