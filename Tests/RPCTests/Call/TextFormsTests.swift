import Testing

@testable import RPC

struct TextFormsTests {
    @Test func `base64 is written without padding`() {
        #expect(Base64.encode([0xAB, 0xAB, 0xAB]) == "q6ur")
        #expect(Base64.encode([0xAB, 0xAB]) == "q6s")
        #expect(Base64.encode([]) == "")
    }

    @Test(arguments: 0..<40) func `base64 comes back, padded or not`(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37) }
        let text = Base64.encode(bytes)
        #expect(Base64.decode(text) == bytes)
        #expect(Base64.decode(text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)) == bytes)
    }

    @Test(arguments: ["a", "ab=", "ab===", "a b c", "q6s*", "=", "ab=c"])
    func `what is not base64 is refused`(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test func `a message is percent-encoded as gRPC does`() {
        #expect(PercentEncoding.encode("bäd %25 id") == "b%C3%A4d %2525 id")
        #expect(PercentEncoding.encode("\t\r\n") == "%09%0D%0A")
        let special = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
        #expect(PercentEncoding.decode(PercentEncoding.encode(special)) == special)
    }

    @Test(arguments: [("", ""), (" ", "%20"), ("  ", "%20%20"), (" a b ", "%20a b%20"), ("   ", "%20 %20")])
    func `spaces at the ends of a message are encoded`(message: String, text: String) {
        #expect(PercentEncoding.encode(message) == text)
        #expect(PercentEncoding.decode(text) == message)
    }

    @Test(arguments: [("%", "%"), ("%4", "%4"), ("%zz", "%zz"), ("a%2", "a%2"), ("%41%4", "A%4"), ("%FF", "\u{FFFD}")])
    func `a broken escape stays as it is`(text: String, message: String) {
        #expect(PercentEncoding.decode(text) == message)
    }
}
