/// A line that is drawn over the one before it, on a terminal.
struct RedrawnLine {
    private var lastLength = 0

    /// The text to write, cut to what fits a terminal of this width; behind the last one comes a new line.
    mutating func text(_ line: String, width: Int?, isLast: Bool) -> String {
        let line = width.map { String(line.prefix(max(20, $0 - 1))) } ?? line
        let padding = String(repeating: " ", count: max(0, lastLength - line.count))
        lastLength = line.count
        return "\r" + line + padding + (isLast ? "\n" : "")
    }
}
