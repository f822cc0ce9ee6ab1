import Testing
import Units

@Suite struct PrintableTextTests {
    @Test func `text without controls stays as it is`() {
        for text in ["", "build-7.img", "Grüße, 東京 🚀", #"a\b"#] { #expect(PrintableText.escaped(text) == text) }
    }

    @Test func `controls of every kind are written out`() {
        let cases = [
            ("a\nb\r\n", #"a\nb\r\n"#), ("\t", #"\t"#), ("\u{0}\u{1B}\u{7F}", #"\u0000\u001b\u007f"#),
            ("\u{80}\u{9B}\u{9F}\u{A0}", "\\u0080\\u009b\\u009f\u{A0}"),
            ("\u{061C}\u{200E}\u{200F}", #"\u061c\u200e\u200f"#),
            ("\u{202A}\u{202E}\u{2066}\u{2069}", #"\u202a\u202e\u2066\u2069"#), ("\u{2028}\u{2029}", #"\u2028\u2029"#),
        ]
        for (text, safe) in cases { #expect(PrintableText.escaped(text) == safe) }
    }

    @Test func `a document keeps its own lines`() {
        #expect(PrintableText.escapedJSON("{\n\t\"a\": \"\u{9B}x\u{202E}\"\n}") == "{\n\t\"a\": \"\\u009bx\\u202e\"\n}")
    }
}
