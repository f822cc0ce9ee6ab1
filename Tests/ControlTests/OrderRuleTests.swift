import SluiceAPI
import Testing
import Units

@testable import Control

@Suite struct OrderRuleTests {
    @Test(arguments: [
        ("http://a/files/x.img", "http://a/files/", true), ("http://a/files/x.img", "http://a/files", true),
        ("http://a/filesystem/x", "http://a/files", false), ("http://a/files/../secret", "http://a/files/", false),
        ("http://a/files/%2e%2E/secret", "http://a/files/", false), ("https://a/files/x", "http://a/files/", false),
    ])
    func `a URL lies below a base only at a path border`(url: String, base: String, expected: Bool) {
        #expect(OriginMatch.lies(url, below: base) == expected)
    }

    @Test func `the longest base wins`() {
        var wide = Origin()
        wide.name = "wide"
        wide.baseUrls = ["http://a/"]
        var narrow = Origin()
        narrow.name = "narrow"
        narrow.baseUrls = ["http://a/b/"]
        #expect(OriginMatch.origin(of: "http://a/b/c", among: [wide, narrow])?.name == "narrow")
        #expect(OriginMatch.origin(of: "http://z/b/c", among: [wide, narrow]) == nil)
    }

    @Test(arguments: ["..", ".", "a/b", "a\\b", "a\nb", "a\u{0}b", String(repeating: "x", count: 256)])
    func `a file name never leaves its folder`(name: String) {
        #expect(throws: UserError.self) { try FileNameRule.name(asked: name, url: "http://a/b") }
    }

    @Test(arguments: [
        ("http://a/b/c%20d.img?x=/y", "c d.img"), ("http://a/c.img#f", "c.img"), ("http://a/%zz", "%zz"),
    ])
    func `the last part of the path is the file's name`(url: String, expected: String) throws {
        #expect(try FileNameRule.name(asked: "", url: url) == expected)
    }

    @Test(arguments: ["http://a/", "http://a/..", "http://a/b%2Fc", "http://a/%2e%2e"])
    func `a path without a safe last part is refused`(url: String) {
        #expect(throws: UserError.self) { try FileNameRule.name(asked: "", url: url) }
    }
}
