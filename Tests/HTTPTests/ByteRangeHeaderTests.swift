import HTTP
import Testing
import Units

@Suite struct ByteRangeHeaderTests {
    private let size = ByteCount(rawValue: 1000)

    @Test(
        arguments: [
            ("bytes=0-99", 0, 100), ("bytes=900-", 900, 1000), ("bytes=-100", 900, 1000), ("bytes=0-5000", 0, 1000),
            ("bytes=-5000", 0, 1000), ("BYTES=5-5", 5, 6), ("bytes= 1 - 2 ", 1, 3),
        ] as [(String, UInt64, UInt64)]
    )
    func `one range is served`(text: String, start: UInt64, end: UInt64) {
        #expect(ByteRangeHeader.parse(text, size: size) == .part(ByteRange(start: start, end: end)))
    }

    @Test(arguments: ["bytes=0-1,5-6", "items=0-1", "bytes=5-1", "bytes=a-b", "bytes=", "bytes=-", "bytes=1"])
    func `what is not one range of bytes is answered with the whole`(text: String) {
        #expect(ByteRangeHeader.parse(text, size: size) == .whole)
    }

    @Test(arguments: ["bytes=1000-", "bytes=-0", "bytes=99999999999999999999-"])
    func `a range beyond the end cannot be satisfied`(text: String) {
        #expect(ByteRangeHeader.parse(text, size: size) == .unsatisfiable)
    }

    @Test func `If-Range that does not match means the whole`() {
        func resolve(_ ifRange: String?) -> ByteRangeHeader {
            ByteRangeHeader.resolve(
                range: "bytes=0-9",
                ifRange: ifRange,
                entityTag: "\"a\"",
                lastModified: "Mon",
                size: size
            )
        }
        #expect(resolve(nil) == .part(ByteRange(start: 0, end: 10)))
        #expect(resolve("\"a\"") == .part(ByteRange(start: 0, end: 10)))
        #expect(resolve("Mon") == .part(ByteRange(start: 0, end: 10)))
        #expect(resolve("\"b\"") == .whole)
    }
}
