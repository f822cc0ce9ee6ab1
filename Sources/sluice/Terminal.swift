import Foundation

/// Standard output and standard error, unbuffered.
enum Terminal {
    static func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }
    static func line(_ text: String) { write(text + "\n") }
    static func complain(_ text: String) { FileHandle.standardError.write(Data("sluice: \(text)\n".utf8)) }
    /// Whether a person is watching standard output.
    static var isInteractive: Bool { isatty(1) == 1 }
}
