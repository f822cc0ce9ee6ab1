/// Text of others, such as what a node says of itself, as a terminal can be given it: characters that move the cursor,
/// colour, hide or reorder what stands beside them are written out.
package enum PrintableText {
    /// The text with line ends as `\n`, and every other such character as its number, `\u001b`.
    package static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var safe = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": safe += "\\n"
            case "\r": safe += "\\r"
            case "\t": safe += "\\t"
            case _ where isControl(scalar): safe += number(scalar)
            default: safe.unicodeScalars.append(scalar)
            }
        }
        return safe
    }

    /// A JSON document that means the same: in one, such characters stand inside strings only, or are line ends and tabs
    /// between its parts.
    package static func escapedJSON(_ document: String) -> String {
        func isMeant(_ scalar: Unicode.Scalar) -> Bool { isControl(scalar) && scalar != "\n" && scalar != "\t" }
        guard document.unicodeScalars.contains(where: isMeant) else { return document }
        var safe = ""
        for scalar in document.unicodeScalars {
            if isMeant(scalar) { safe += number(scalar) } else { safe.unicodeScalars.append(scalar) }
        }
        return safe
    }

    /// C0 and C1, line and paragraph separators, and what changes the direction of text (Unicode's Bidi_Control).
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    private static func number(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        return "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
