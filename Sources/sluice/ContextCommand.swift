import ArgumentParser
import Program
import RPC
import SluiceAPI
import Transport
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
        subcommands: [List.self, Current.self, Use.self, Set.self, Refresh.self, Rename.self, Delete.self]
    )

    static func path() throws -> String {
        guard let path = ContextFile.path else {
            throw UserError(.failedPrecondition, "there is no place for contexts", hint: "Set SLUICE_CONFIG.")
        }
        return path
    }

    /// What is shown of a context: never its token.
    static func shown(_ context: ClientContext, isCurrent: Bool, marksCurrent: Bool) -> JSONValue {
        var members: [(String, JSONValue)] = []
        if marksCurrent { members.append(("current", .string(isCurrent ? "*" : ""))) }
        members.append(("name", .string(context.name)))
        members.append(("server", .string(context.server)))
        members.append(("access", .string(context.certificateAuthority == nil ? "plaintext" : "TLS")))
        if marksCurrent {
            members.append(("token", .string(context.token == nil ? "none" : "kept")))
        } else {
            members.append(("hasToken", .boolean(context.token != nil)))
            members.append(("isCurrent", .boolean(isCurrent)))
        }
        return .members(members)
    }

    /// `sluice context list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows the contexts; * marks the current one.")
        @Option(name: .shortAndLong, help: "table, json or yaml.")
        var output = ParsedCommand.Output.table

        func run() async throws {
            let file = try ContextFile.read(path())
            let rows = file.contexts.map { context in
                shown(context, isCurrent: context.name == file.currentContext, marksCurrent: output == .table)
            }
            let columns = ["current", "name", "server", "access", "token"].map { TableColumn($0) }
            AnswerPrinter(output, columns: columns).show(.members([("contexts", .array(rows))]))
        }
    }

    /// `sluice context current`.
    struct Current: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows the name of the current context.")
        @Option(name: .shortAndLong, help: "table, json or yaml; table is the name alone.")
        var output = ParsedCommand.Output.table

        func run() async throws {
            guard let context = try ContextFile.read(path()).context(nil) else {
                throw UserError(.notFound, "no context is the current one", hint: "`sluice context use` makes one so.")
            }
            guard output != .table else { return Terminal.line(PrintableText.escaped(context.name)) }
            AnswerPrinter(output).show(shown(context, isCurrent: true, marksCurrent: false))
        }
    }

    /// `sluice context use NAME`.
    struct Use: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a context the current one.")
        @Argument(help: "The context's name.")
        var name: String

        func run() async throws {
            try ContextFile.change(path()) { file in
                _ = try file.context(name)
                file.currentContext = name
            }
        }
    }

    /// `sluice context set NAME --server HOST:PORT --ca FILE --token @FILE`.
    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds a context, or changes what is given of one.",
            discussion: "A context that is added becomes the current one; changing one leaves that as it is."
        )
        @Argument(help: "The context's name.")
        var name: String
        @Option(help: "Control's address, HOST:PORT; needed for a new context.")
        var server: HostPort?
        @Option(help: "Certificates of control's authorities in PEM, one or several (ca.crt in its --data folder).")
        var ca: String?
        @Flag(help: "Forgets the authority: plaintext, on loopback.")
        var noCa = false
        @Option(
            help: ArgumentHelp(
                "@FILE that holds an API token, or - for standard input.",
                discussion: "Its text works too, but everybody on this machine can read it then.",
                valueName: "@file"
            )
        )
        var token: SecretArgument?
        @Flag(help: "Forgets the token.")
        var noToken = false

        private static func authority(in path: String) throws -> String {
            let pem = String(decoding: try FileContent.read(path, atMost: .mebibytes(1)), as: UTF8.self)
            do {
                _ = try CertificateBundle(pem: pem)
            } catch {
                throw UserError(.invalidArgument, "\(path) cannot be used: \(error.message)")
            }
            return pem
        }

        func validate() throws {
            if ca != nil, noCa { throw ValidationError("--ca and --no-ca exclude each other") }
            if token != nil, noToken { throw ValidationError("--token and --no-token exclude each other") }
        }

        func run() async throws {
            let authority = try ca.map(Self.authority)
            let secret = try token?.text()
            try ContextFile.change(path()) { file in
                let known = file.contexts.first { $0.name == name }
                guard let place = server.map({ "\($0)" }) ?? known?.server else {
                    throw UserError(.invalidArgument, "there is no context \(name) yet: it needs a --server")
                }
                try ContextFile.check(name: name)
                var context = known ?? ClientContext(name: name, server: place)
                context.server = place
                if noCa { context.certificateAuthority = nil }
                if noToken { context.token = nil }
                context.certificateAuthority = authority ?? context.certificateAuthority
                context.token = secret ?? context.token
                file.put(context)
                if known == nil || file.currentContext == nil { file.currentContext = name }
            }
        }
    }

    /// `sluice context refresh [NAME]`.
    struct Refresh: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Asks control for its authorities, and keeps these in a context.",
            discussion: """
                While control goes over from one authority to another: between `sluice authorities create` and `delete`. The \
                answer counts only where control proves itself to what the context trusts already.
                """
        )
        @Argument(help: "The context's name; the current one without it.")
        var name: String?

        func run() async throws {
            let path = try path()
            guard let context = try ContextFile.read(path).context(name) else {
                throw UserError(.notFound, "no context is the current one", hint: "`sluice context use` makes one so.")
            }
            guard context.certificateAuthority != nil else {
                throw UserError(
                    .failedPrecondition,
                    "the context \(context.name) is for plaintext, without authorities"
                )
            }
            let place = ControlPlace(
                server: try ControlPlace.parsed(context.server),
                authority: context.certificateAuthority,
                token: context.token
            )
            let client = try await place.connect()
            let answer = try await AuthorityServiceClient(client).listAuthorities(ListAuthoritiesRequest())
            await client.close()
            let bundle = try CertificateBundle(pem: answer.certificates.joined())
            let text = try bundle.pem
            try ContextFile.change(path) { file in
                // It may be another by now.
                guard var known = try file.context(context.name), known.server == context.server else { return }
                known.certificateAuthority = text
                file.put(known)
            }
            let names = answer.authorities.map(\.name).joined(separator: ", ")
            Terminal.line(PrintableText.escaped("\(context.name) trusts \(bundle.certificates.count): \(names)"))
        }
    }

    /// `sluice context rename NAME OTHER`.
    struct Rename: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Gives a context another name.")
        @Argument(help: "The context's name.")
        var name: String
        @Argument(help: "Its new name.")
        var newName: String

        func run() async throws {
            try ContextFile.change(path()) { try $0.rename(name, to: newName) }
        }
    }

    /// `sluice context delete NAME`.
    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Forgets a context.")
        @Argument(help: "The context's name.")
        var name: String

        func run() async throws { try ContextFile.change(path()) { try $0.remove(name) } }
    }
}
