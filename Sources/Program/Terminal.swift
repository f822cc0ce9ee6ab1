internal import Glibc
internal import Units

/// Standard output and standard error, unbuffered.
package enum Terminal {
    package static func write(_ text: String) { put(text, on: STDOUT_FILENO) }
    package static func line(_ text: String) { write(text + "\n") }
    /// Says what went wrong, on one line, whatever a server wrote into it.
    package static func complain(_ text: String) {
        put("sluice: \(PrintableText.escaped(text))\n", on: STDERR_FILENO)
    }
    /// Whether a person is watching standard output.
    package static var isInteractive: Bool { isatty(STDOUT_FILENO) == 1 }

    /// How many characters a line of standard output holds; nil where it is no terminal.
    package static var width: Int? {
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Where nobody reads any more, nothing is said.
    private static func put(_ text: String, on stream: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(stream, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}
