import RPC
import Testing
import Units

@testable import SluiceAPI

@Suite struct CommandLineTests {
    /// A command with a flag of every kind.
    private let command = CommandDescription(
        noun: "things",
        verb: "make",
        summary: "Makes a thing.",
        resource: "thing",
        flags: [
            FlagDescription("name", ["thing", "name"], .string, isPositional: true, help: "The name."),
            FlagDescription("max-bytes", ["thing", "maxBytes"], .size, help: "Bytes."),
            FlagDescription("after", ["thing", "after"], .duration, help: "When."),
            FlagDescription("config-tags", ["thing", "config", "tags"], .map(.string), help: "Tags."),
            FlagDescription("labels", ["thing", "labels"], .pair, isRepeated: true, help: "Labels."),
            FlagDescription(
                "role",
                ["thing", "role"],
                .choice([
                    FlagChoice("relay", "NODE_ROLE_RELAY", help: "Serves."),
                    FlagChoice("agent", "NODE_ROLE_AGENT", help: "Takes."),
                ]),
                help: "What it is."
            ),
            FlagDescription(
                "file-path",
                ["file", "path"],
                .string,
                members: [OneofMember("source", ["file"])],
                help: "A file."
            ),
            FlagDescription(
                "url",
                ["url"],
                .string,
                members: [OneofMember("source", ["url"])],
                help: "A URL."
            ),
        ],
        call: .unary(NodeServiceClient.Methods.getNode)
    )

    private func request(_ arguments: String..., file: String = "") throws -> JSONValue {
        let parser = CommandLineParser { _ in Array(file.utf8) }
        guard case .command(let parsed) = try parser.parse(arguments[...], of: command) else { return .null }
        return parsed.request
    }

    @Test(arguments: [
        ("64MiB", 67_108_864), ("1.5GB", 1_500_000_000), ("10MB/s", 10_000_000), ("4096", 4096), ("2KiB", 2048),
        ("7B", 7), ("18446744073709551615", UInt64.max),
    ])
    func `sizes are read in human form`(text: String, bytes: UInt64) throws {
        #expect(try HumanUnits.bytes(text, "--x") == bytes)
    }

    @Test(arguments: ["", "MiB", "64 MiB", "-1", "1e9", "1.2.3KiB", "64M", "99999999TiB", "18446744073709551616"])
    func `what is no size is refused`(text: String) {
        #expect(throws: UserError.self) { try HumanUnits.bytes(text, "--x") }
    }

    @Test(arguments: [("30s", "30s"), ("1m30s", "90s"), ("500ms", "0.500s"), ("2d", "172800s"), ("1.5h", "5400s")])
    func `durations are read in human form`(text: String, json: String) throws {
        #expect(ProtoDuration(try HumanUnits.duration(text, "--x")).json == .string(json))
    }

    @Test(arguments: ["", "30", "s", "-1s", "1x", "1s2"])
    func `what is no duration is refused`(text: String) {
        #expect(throws: UserError.self) { try HumanUnits.duration(text, "--x") }
    }

    @Test(arguments: [
        "200000000d", "315576000001s", "99999999999999999999h", "315576000000s1ms", "200000000d200000000d",
    ])
    func `a duration beyond what one may say is refused with a sentence`(text: String) throws {
        let error = #expect(throws: UserError.self) { try HumanUnits.duration(text, "--lifetime") }
        #expect(error?.sentence == "--lifetime is at most 315576000000s, ten thousand years, not \(text)")
        #expect(try HumanUnits.duration("315576000000s", "--x") == .seconds(315_576_000_000))
    }

    @Test func `flags of every kind go where their field is`() throws {
        let json = try request(
            "box",
            "--max-bytes",
            "1KiB",
            "--after=1m",
            "--config.tags",
            "a=1",
            "--config_tags",
            "b=x=y",
            "--labels",
            "k=v",
            "--role",
            "relay"
        )
        let expected = """
            {"thing":{"name":"box","maxBytes":"1024","after":"60s","config":{"tags":{"a":"1","b":"x=y"}},\
            "labels":[{"key":"k","value":"v"}],"role":"NODE_ROLE_RELAY"}}
            """
        #expect(json.text == expected)
    }

    @Test func `two members of a oneof exclude each other`() {
        #expect(throws: UserError.self) { try request("--file-path", "a", "--url", "b") }
        #expect(throws: UserError.self) { try request("--role", "king") }
        #expect(throws: UserError.self) { try request("--config-tags", "a=1", "--config-tags", "a=2") }
        #expect(throws: UserError.self) { try request("--url", "a", "--url", "b") }
    }

    @Test func `a file holds the request or the resource alone, and flags go over it`() throws {
        let resource = #"{"name": "old", "max_bytes": "5", "config": {"tags": {"a": "1"}}}"#
        let fromResource = try request("new", "--config-tags", "b=2", "--from-file", "x", file: resource)
        #expect(
            fromResource.text == #"{"thing":{"name":"new","max_bytes":"5","config":{"tags":{"a":"1","b":"2"}}}}"#
        )
        let whole = try request("--url", "u", "--from-file", "-", file: #"{"thing": {"name": "n"}, "url": "t"}"#)
        #expect(whole.text == #"{"thing":{"name":"n"},"url":"u"}"#)
        #expect(throws: UserError.self) { try request("--from-file", "x", file: "[]") }
    }

    @Test func `a member of a oneof that a flag chooses takes the place of the file's`() throws {
        let file = #"{"url": "t", "thing": {"name": "n"}}"#
        #expect(
            try request("--file-path", "a", "--from-file", "-", file: file).text
                == #"{"thing":{"name":"n"},"file":{"path":"a"}}"#
        )
        let nested = #"{"file": {"path": "a"}, "thing": {"name": "n"}}"#
        #expect(
            try request("--from-file", "-", "--url", "u", file: nested).text == #"{"thing":{"name":"n"},"url":"u"}"#
        )
    }

    @Test(arguments: [
        ("--flags", "a=true", #""flags":{"a":true}"#), ("--counts", "b=5", #""counts":{"b":"5"}"#),
        ("--sizes", "c=1KiB", #""sizes":{"c":"1024"}"#), ("--spans", "d=1m30s", #""spans":{"d":"90s"}"#),
        ("--parts", #"e={"n":1}"#, #""parts":{"e":{"n":1}}"#), ("--roles", "f=relay", #""roles":{"f":"R"}"#),
        ("--start", "2026-11-25T13:00:00.5+01:00", #""start":"2026-11-25T12:00:00.500Z""#),
    ])
    func `the values of maps and times are read as their kind`(flag: String, value: String, json: String) throws {
        let kinds: [(String, FlagDescription.Kind)] = [
            ("flags", .map(.boolean)), ("counts", .map(.integer)), ("sizes", .map(.size)), ("spans", .map(.duration)),
            ("parts", .map(.json)), ("roles", .map(.choice([FlagChoice("relay", "R", help: "")]))), ("start", .time),
        ]
        let command = CommandDescription(
            noun: "things",
            verb: "make",
            summary: "",
            flags: kinds.map { FlagDescription($0.0, [$0.0], $0.1, help: "") },
            call: .unary(NodeServiceClient.Methods.getNode)
        )
        let parser = CommandLineParser { _ in [] }
        guard case .command(let parsed) = try parser.parse([flag, value], of: command) else { return }
        #expect(parsed.request.text == "{\(json)}")
        #expect(throws: UserError.self) { try parser.parse([flag, "a=wrong="], of: command) }
    }

    @Test func `a message without fields is a switch`() throws {
        let command = CommandDescription(
            noun: "things",
            verb: "make",
            summary: "",
            flags: [FlagDescription("never", ["never"], .presence, help: "")],
            call: .unary(NodeServiceClient.Methods.getNode)
        )
        let parser = CommandLineParser { _ in [] }
        guard case .command(let parsed) = try parser.parse(["--never"], of: command) else { return }
        #expect(parsed.request.text == #"{"never":{}}"#)
    }

    @Test func `no command has a flag that a common one hides, or two of one name`() {
        for command in GeneratedCommands.all {
            let names = command.flags.map(\.name)
            #expect(Set(names).count == names.count, "\(command.noun) \(command.verb)")
            #expect(names.allSatisfy { CommonFlagName(rawValue: $0) == nil }, "\(command.noun) \(command.verb)")
        }
    }

    @Test func `plaintext elsewhere is a flag of its own`() throws {
        let parser = CommandLineParser { _ in [] }
        guard case .command(let parsed) = try parser.parse(["--insecure-plaintext"], of: command) else { return }
        #expect(parsed.isInsecurePlaintext && !parsed.isPlaintext)
        #expect(throws: UserError.self) { try parser.parse(["--plaintext=maybe"], of: command) }
    }

    @Test func `what others wrote cannot steer the terminal`() {
        let evil = "1.0\u{1B}[2J\n\u{9B}31m\u{202E}"
        let shown = #"1.0\u001b[2J\n\u009b31m\u202e"#
        let one = JSONValue.members([("version", .string(evil)), ("labels", .members([(evil, .string("a\tb"))]))])
        #expect(
            ResponseTable().text(.members([("node", one)])) == "version: \(shown)\nlabels:\n  \(shown): a\\tb\n"
        )
        let rows = JSONValue.members([("nodes", .array([one]))])
        let table = ResponseTable(columns: [TableColumn("version"), TableColumn("labels")]).text(rows)
        #expect(table.split(separator: "\n").count == 2)
        #expect(table.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && $0.value < 0x7F })
    }

    @Test func `the last answer of a watch says whether what it followed did well`() {
        let ending = WatchEnding("thing", failed: ["S_FAILED"], cancelled: ["S_CANCELLED"])
        func outcome(_ members: (String, JSONValue)...) -> WatchEnding.Outcome {
            ending.outcome(of: .members([("thing", .members(members))]))
        }
        #expect(outcome(("name", .string("t")), ("state", .string("S_DONE"))) == .done)
        #expect(outcome(("name", .string("t")), ("state", .string("S_FAILED"))) == .failed("t failed"))
        #expect(
            outcome(("name", .string("t")), ("state", .string("S_FAILED")), ("failure", .string("no disk")))
                == .failed("t failed: no disk")
        )
        #expect(outcome(("name", .string("t")), ("state", .string("S_CANCELLED"))) == .cancelled("t was cancelled"))
        #expect(ending.outcome(of: .object([])) == .done)
        let exact = WatchEnding("thing", done: ["S_DONE"], failed: ["S_FAILED"], cancelled: [])
        let early = JSONValue.members([("thing", .members([("name", .string("t")), ("state", .string("S_RUNNING"))]))])
        #expect(exact.outcome(of: early) == .cutOff("control ended the watch before t did"))
        for verb in ["get", "watch"] {
            let command = GeneratedCommands.all.first { $0.noun == "distributions" && $0.verb == verb }
            #expect((command?.watch ?? command?.call)?.ending != nil)
        }
    }

    @Test func `a list is a table of the columns that have something and fit`() {
        let rows = JSONValue.members([
            (
                "things",
                .array([
                    .members([("name", .string("a")), ("maxBytes", .string("1048576")), ("state", .string("S_ON"))]),
                    .members([("name", .string("bcd"))]),
                ])
            ), ("nextPageToken", .string("t")),
        ])
        let columns = [
            TableColumn("name"), TableColumn("empty"), TableColumn("state", .choice(prefix: "S_")),
            TableColumn("maxBytes", .size),
        ]
        let wide = ResponseTable(columns: columns)
        #expect(wide.text(rows) == "NAME  STATE  MAX-BYTES\na     on     1.0 MiB\nbcd\nThere is more: --page-token t\n")
        #expect(ResponseTable(columns: columns, width: 11).text(rows).hasPrefix("NAME  STATE\na     on\nbcd\n"))
        let chosen = ResponseTable(columns: columns, chosen: ["max-bytes"])
        #expect(chosen.text(rows).hasPrefix("MAX-BYTES\n1.0 MiB\n\n"))
        #expect(wide.text(.object([])) == "NAME  EMPTY  STATE  MAX-BYTES\n")
    }

    @Test func `a column that is too wide leaves its place to others, and how things stand comes first`() {
        let columns = [
            TableColumn("name"), TableColumn("digest"), TableColumn("owner"),
            TableColumn("state", .choice(prefix: "S_")),
        ]
        let row = JSONValue.members([
            ("name", .string("a")), ("digest", .string(String(repeating: "f", count: 64))), ("owner", .string("me")),
            ("state", .string("S_ON")),
        ])
        let rows = JSONValue.members([("things", .array([row]))])
        func heads(_ width: Int) -> String {
            String(ResponseTable(columns: columns, width: width).text(rows).prefix { $0 != "\n" })
        }
        #expect(heads(40) == "NAME  OWNER  STATE")
        #expect(heads(12) == "NAME  STATE")
        #expect(heads(200).split(separator: " ").count == 4)
        #expect(heads(1) == "NAME")
    }

    @Test func `a name that is needed is asked for, and short flags are known`() throws {
        let parser = CommandLineParser { _ in Array(#"{"name": "d"}"#.utf8) }
        let error = #expect(throws: UserError.self) { try parser.parse(["distributions", "get"]) }
        #expect(error?.sentence == "NAME is missing")
        for arguments in [["d"], ["--name", "d"], ["--from-file", "x"], ["d", "-o", "json"], ["-o=yaml", "d"]] {
            guard case .command(let parsed) = try parser.parse(["distributions", "get"] + arguments) else { continue }
            #expect(parsed.request.text == #"{"name":"d"}"#)
        }
        let unknown = #expect(throws: UserError.self) { try parser.parse(["distributions", "get", "d", "-x"]) }
        #expect(unknown?.sentence == "-x is not a flag of this command")
        for arguments in [
            ["distributions", "help"], ["distributions", "get", "-h"], ["distributions", "get", "--help"],
        ] {
            guard case .help = try parser.parse(arguments) else {
                Issue.record("\(arguments) is no help")
                continue
            }
        }
    }

    @Test func `YAML quotes what could be taken for something else`() {
        let value = JSONValue.members([
            ("name", .string("a-b")), ("size", .string("5")), ("on", .string("true")), ("note", .string("x: y")),
            ("list", .array([.string("a"), .members([("k", .boolean(true)), ("n", .null)]), .array([])])),
            ("empty", .object([])), ("inner", .members([("n", .integer(1))])),
        ])
        let expected = """
            name: a-b
            size: "5"
            "on": "true"
            note: "x: y"
            list:
              - a
              - k: true
                "n": null
              - []
            empty: {}
            inner:
              "n": 1

            """
        #expect(value.yaml == expected)
    }

    @Test func `every public method is a command, and nothing else is`() throws {
        let commands = Set(GeneratedCommands.all.map { "\($0.noun) \($0.verb)" })
        let wanted = [
            "distributions create", "distributions get", "distributions list", "distributions watch",
            "distributions cancel", "distributions get-torrent", "origins update-limits", "origins get-usage",
            "nodes list",
        ]
        for command in wanted { #expect(commands.contains(command)) }
        #expect(!commands.contains { $0.contains("connect") || $0.contains("stream") })
        let get = try #require(GeneratedCommands.all.first { $0.noun == "distributions" && $0.verb == "get" })
        #expect(get.watch != nil)
        let create = try #require(GeneratedCommands.all.first { $0.noun == "distributions" && $0.verb == "create" })
        #expect(!create.flags.contains { $0.name.hasPrefix("progress") || $0.name == "state" })
    }

    @Test func `every public method is a route, and the description names each`() throws {
        let document = try JSONParser.parse(GeneratedRoutes.openAPI)
        for route in GeneratedRoutes.all {
            #expect(document["paths"]?[route.template]?[route.method.lowercased()]?["operationId"] != nil)
        }
        let templates = Set(GeneratedRoutes.all.map { "\($0.method) \($0.template)" })
        let wanted = [
            "POST /v1/distributions", "GET /v1/distributions/{name}", "POST /v1/distributions/{name}:cancel",
            "GET /v1/distributions/{name}:watch", "PUT /v1/origins/{name}/limits", "DELETE /v1/origins/{name}",
        ]
        for template in wanted { #expect(templates.contains(template)) }
        #expect(!GeneratedRoutes.all.contains { $0.rpc.contains("NodeStream") })
    }
}
