internal import Glibc

/// Standard output and standard error, unbuffered.
package enum Terminal {
    package static func write(_ text: String) { put(text, on: STDOUT_FILENO) }
    package static func line(_ text: String) { write(text + "\n") }
    package static func complain(_ text: String) { put("sluice: \(text)\n", on: STDERR_FILENO) }
    /// Whether a person is watching standard output.
    package static var isInteractive: Bool { isatty(STDOUT_FILENO) == 1 }

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
