internal import ArgumentParser
internal import Units

/// A token on the command line: `@FILE` or `-` for standard input, which keep it out of the list of processes, or its text.
package struct SecretArgument: ExpressibleByArgument, Sendable {
    private let argument: String

    package init(argument: String) { self.argument = argument }

    /// Reads the file where one is named.
    package func text() throws -> String {
        guard argument.hasPrefix("@") || argument == "-" else { return argument }
        let path = argument == "-" ? argument : String(argument.dropFirst())
        let content = try FileContent.read(path, atMost: .kibibytes(64))
        guard let text = String(decoding: content, as: UTF8.self).split(whereSeparator: \.isWhitespace).first else {
            throw UserError(.invalidArgument, "\(path == "-" ? "standard input" : path) holds no token")
        }
        return String(text)
    }
}
