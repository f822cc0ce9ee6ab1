internal import ArgumentParser
internal import Units

/// A token on the command line: its text, or `@FILE`, which keeps it out of the process list.
package struct SecretArgument: ExpressibleByArgument, Sendable {
    private let argument: String

    package init(argument: String) { self.argument = argument }

    /// Reads the file where one is named.
    package func text() throws -> String {
        guard argument.hasPrefix("@") else { return argument }
        let content = try FileContent.read(String(argument.dropFirst()), atMost: .kibibytes(64))
        return String(String(decoding: content, as: UTF8.self).split(whereSeparator: \.isWhitespace).first ?? "")
    }
}
