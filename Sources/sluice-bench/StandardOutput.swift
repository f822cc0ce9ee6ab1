import Foundation

/// Whole lines to standard output, at once.
enum StandardOutput {
    static func write(_ text: String) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        } catch {
            // Nobody reads any more: the measurement is over.
            exit(0)
        }
    }
}
