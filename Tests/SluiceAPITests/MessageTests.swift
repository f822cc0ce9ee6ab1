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
