import Program
import Synchronization

/// Shows one text after the other in the same place where a person is watching, and below each other elsewhere.
final class LiveScreen: Sendable {
    private let shown = Mutex(0)

    /// Replaces what was shown before.
    func show(_ text: String) {
        let lines = text.count { $0.isNewline }
        let before = shown.withLock { shown in
            defer { shown = lines }
            return shown
        }
        // Up to the first line of before, and away with all below.
        let clear = before > 0 && Terminal.isInteractive ? "\u{1B}[\(before)A\u{1B}[J" : ""
        Terminal.write(clear + text)
    }
}
