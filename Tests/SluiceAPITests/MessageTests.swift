import NIOCore
import RPC
import SluiceAPI
import Testing

@Suite struct MessageTests {
    private var distribution: Distribution {
        var label = Label()
        label.key = "site"
        label.value = "Zürich ☺"
        var config = DistributionConfig()
        config.assistAfter = ProtoDuration(.milliseconds(3500))
        config.torrent = [0, 1, 255]
        var distribution = Distribution()
        distribution.name = "d-1"
        distribution.size = .max
        distribution.targetLabels = [label, label]
        distribution.targetNodes = ["a", "b"]
        distribution.config = config
        distribution.state = .running
        distribution.createTime = Timestamp(milliseconds: 1_795_469_178_603)
        return distribution
    }

    @Test func `a message survives the wire`() throws {
        #expect(try Distribution(encoded: distribution.encoded) == distribution)
        #expect(try Distribution(encoded: []) == Distribution())
    }

    @Test func `a message survives JSON`() throws {
        let json = try JSONParser.parse(distribution.json.text)
        #expect(try Distribution(json: json) == distribution)
        #expect(json["size"] == .string("18446744073709551615"))
        #expect(json["config"]?["assistAfter"] == .string("3.500s"))
        #expect(json["config"]?["torrent"] == .string("AAH/"))
        #expect(json["createTime"] == .string("2026-11-23T21:26:18.603Z"))
    }

    @Test func `each member of a oneof survives`() throws {
        var ack = TaskAck()
        ack.task = "t"
        ack.revision = 7
        for message in [ConnectRequest.Message.ack(ack), .hello(Hello()), .status(TaskStatus())] {
            var request = ConnectRequest()
            request.message = message
            #expect(try ConnectRequest(encoded: request.encoded) == request)
            #expect(try ConnectRequest(json: request.json) == request)
        }
    }

    @Test(arguments: [[0x0A, 3, 0x61, 0, 0x62], [0x0A, 2, 0xC3, 0x28], [0x0A, 5, 0x61], [0x0F]] as [[UInt8]])
    func `a NUL, bytes that are not UTF-8 and cut messages are refused`(bytes: [UInt8]) {
        #expect(throws: ProtobufError.self) { try Origin(encoded: bytes) }
    }

    @Test(arguments: ["{\"nam\":1}", "{\"name\":1}", "[]", "{\"size\":\"-1\"}", "{\"state\":\"NO\"}"])
    func `JSON that does not fit is refused`(text: String) throws {
        let json = try JSONParser.parse(text)
        #expect(throws: ProtobufError.self) { try Distribution(json: json) }
    }

    @Test(arguments: ["{", "{\"a\":1,\"a\":2}", "\"\\ud800\"", "01", "1 2", "\"\u{1}\"", "nul"])
    func `text that is not JSON is refused`(text: String) {
        #expect(throws: ProtobufError.self) { try JSONParser.parse(text) }
    }

    @Test(arguments: [
        ("2026-11-23T21:26:18.603Z", "2026-11-23T21:26:18.603Z"), ("2026-11-23t22:26:18+01:00", "2026-11-23T21:26:18Z"),
        ("2026-11-23T15:56:18.5-05:30", "2026-11-23T21:26:18.500Z"),
        ("2024-03-01T00:30:00+01:00", "2024-02-29T23:30:00Z"),
        ("1970-01-01T00:00:00z", "1970-01-01T00:00:00Z"), ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"),
    ])
    func `timestamps are read in UTC and with an offset`(text: String, canonical: String) throws {
        #expect(try Timestamp(json: .string(text)).json == .string(canonical))
    }

    @Test(arguments: [
        "", "2026-11-23", "2026-11-23T21:26:18", "2026-11-23 21:26:18Z", "2026-02-29T00:00:00Z", "2026-11-23T24:00:00Z",
        "2026-11-23T21:26:18.Z", "2026-11-23T21:26:18.0123456789Z", "2026-11-23T21:26:18+0100",
        "2026-11-23T21:26:18+24:00",
        "2026-+1-23T21:26:18Z", "2026-1-23T21:26:18Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
        "2026-11-23T21:26:18ZZ", "0000-01-01T00:00:00Z",
    ])
    func `what is no timestamp is refused`(text: String) {
        #expect(throws: ProtobufError.self) { try Timestamp(json: .string(text)) }
    }

    @Test func `numbers of 32 bits keep their shortest form`() throws {
        #expect(JSONCoding.json(Float(0.1)).text == "0.1")
        #expect(try JSONCoding.float(.number(0.1), "x") == Float(0.1))
        #expect(try JSONCoding.float(.string("Infinity"), "x") == .infinity)
        #expect(throws: ProtobufError.self) { try JSONCoding.float(.number(1e39), "x") }
    }

    @Test func `a command line becomes a request`() throws {
        let parser = CommandLineParser { _ in [1, 2] }
        let arguments = ["origins", "create", "files", "--base-urls", "http://a/", "--base-urls", "http://b/"]
        guard case .command(let parsed) = try parser.parse(arguments + ["--allow-private-addresses", "--output=json"])
        else {
            Issue.record("no command came out")
            return
        }
        let request = try CreateOriginRequest(json: parsed.request)
        #expect(request.origin?.name == "files")
        #expect(request.origin?.baseUrls == ["http://a/", "http://b/"])
        #expect(request.origin?.allowPrivateAddresses == true)
        #expect(parsed.output == .json)
    }
}
