import RPC
import SluiceAPI
import Testing
import Units

/// Tokens and names as people and certificates carry them.
@Suite struct AccessTextTests {
    @Test func `tokens are read as they were written, and nothing else is`() throws {
        var generator = SeededGenerator(seed: 7)
        let api = APITokenText(using: &generator)
        #expect(APITokenText(api.text) == api && api.text.hasPrefix("sluice_api_"))
        let authority = [UInt8](repeating: 0xFB, count: 32)
        let join = JoinTokenText(authority: authority, using: &generator)
        #expect(JoinTokenText(join.text) == join && join.authority == authority)
        #expect(join.text.utf8.allSatisfy { $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "/") })
        for wrong in ["", "sluice_api_", api.text + "=", join.text, String(api.text.dropLast(2)), " " + api.text] {
            #expect(APITokenText(wrong) == nil)
        }
        #expect(JoinTokenText(api.text) == nil)
    }

    @Test func `a certificate's name is exactly a node and a role`() throws {
        let node = try #require(NodeID("relay-1"))
        let name = NodeCertificateName(node: node, role: .relay)
        #expect(name.uri == "sluice://node/relay-1?role=relay")
        #expect(NodeCertificateName(uri: name.uri) == name)
        let wrong = [
            "sluice://control", "sluice://node/relay-1", "sluice://node/relay-1?role=admin",
            "sluice://node/?role=relay",
            "sluice://node/a/b?role=relay", "https://node/a?role=relay", "sluice://node/a?role=relay?role=agent",
        ]
        for uri in wrong { #expect(NodeCertificateName(uri: uri) == nil, "\(uri)") }
    }
}
