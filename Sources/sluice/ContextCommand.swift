import ArgumentParser
import Program
import Units

/// `sluice context`.
struct ContextCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "context",
        abstract: "Control servers this user knows: address, authority, token.",
        discussion: """
            A control server on loopback writes a context named local when it starts. The file is $SLUICE_CONFIG, else \
            $XDG_CONFIG_HOME/sluice/config.json, else ~/.config/sluice/config.json.
            """,
        subcommands: [List.self, Use.self, Set.self, Delete.self]
    )

    static func open() throws -> (path: String, file: ContextFile) {
        guard let path = ContextFile.path else {
            throw UserError(.failedPrecondition, "there is no place for contexts", hint: "Set SLUICE_CONFIG.")
        }
        return (path, try ContextFile.read(path))
    }

    /// `sluice context list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows the contexts; * marks the current one.")

        func run() async throws {
            let file = try open().file
            for context in file.contexts {
                let mark = context.name == file.currentContext ? "*" : " "
                let kind = context.certificateAuthority == nil ? "plaintext" : "TLS"
                Terminal.line("\(mark) \(context.name)  \(context.server)  \(kind)")
            }
        }
    }

    /// `sluice context use NAME`.
    struct Use: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a context the current one.")
        @Argument(help: "The context's name.")
        var name: String

        func run() async throws {
            var (path, file) = try open()
            _ = try file.context(name)
            file.currentContext = name
            try file.write(to: path)
        }
    }

    /// `sluice context set NAME --server HOST:PORT --ca FILE --token TOKEN`.
    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Adds or replaces a context, and makes it current.")
        @Argument(help: "The context's name.")
        var name: String
        @Option(help: "Control's address, HOST:PORT.")
        var server: HostPort
        @Option(help: "The certificate of control's authority in PEM (ca.crt in its --data folder).")
        var ca: String?
        @Option(help: "An API token, or @FILE that holds one.")
        var token: SecretArgument?

        func run() async throws {
            var (path, file) = try open()
            let authority = try ca.map {
                String(decoding: try FileContent.read($0, atMost: .mebibytes(1)), as: UTF8.self)
            }
            let host = server.host.contains(":") ? "[\(server.host)]" : server.host
            file.put(
                ClientContext(
                    name: name,
                    server: "\(host):\(server.port)",
                    certificateAuthority: authority,
                    token: try token?.text()
                )
            )
            file.currentContext = name
            try file.write(to: path)
        }
    }

    /// `sluice context delete NAME`.
    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Forgets a context.")
        @Argument(help: "The context's name.")
        var name: String

        func run() async throws {
            var (path, file) = try open()
            _ = try file.context(name)
            file.contexts.removeAll { $0.name == name }
            if file.currentContext == name { file.currentContext = nil }
            try file.write(to: path)
        }
    }
}
