import Program
import Synchronization

/// Shows one text after the other in the same place where a person is watching, and below each other elsewhere.
final class LiveScreen: Sendable {
    private let shown = Mutex(0)

    /// Replaces what was shown before.
    func show(_ text: String) {
        // A line that is too long for the terminal takes several of its rows.
        let width = Terminal.width ?? .max
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).dropLast()
            .reduce(0) { $0 + max(1, ($1.count - 1) / width + 1) }
        let before = shown.withLock { shown in
            defer { shown = lines }
            return shown
        }
        // Up to the first line of before, and away with all below.
        let clear = before > 0 && Terminal.isInteractive ? "\u{1B}[\(before)A\u{1B}[J" : ""
        Terminal.write(clear + text)
    }
}
