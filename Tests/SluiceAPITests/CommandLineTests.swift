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
            FlagDescription("config-tags", ["thing", "config", "tags"], .map, help: "Tags."),
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
                members: [OneofMember(group: "source", member: "file")],
                help: "A file."
            ),
            FlagDescription(
                "url",
                ["url"],
                .string,
                members: [OneofMember(group: "source", member: "url")],
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
