import RPC
import Testing

@Suite struct AllowedHostsTests {
    @Test(arguments: [
        "localhost", "localhost:7447", "LOCALHOST.", "web.localhost:80", "127.0.0.1", "127.0.0.1:7447", "127.9.8.7:1",
        "[::1]", "[::1]:7447", "::1", "control.example", "Control.Example.:7447", "",
    ])
    func `loopback and configured names are answered`(authority: String) {
        #expect(AllowedHosts(addresses: .loopback, names: ["control.example"]).allows(authority))
    }

    @Test(arguments: [
        "evil.example", "evil.example:7447", "127.0.0.1.evil.example", "localhost.evil.example", "127.0.0.1x",
        "127.0.0", "127.0.0.256", "1270.0.0.1", "0x7f.0.0.1", "[evil.example]", "[::1]evil.example",
        "evil.example:127.0.0.1",
        "notlocalhost", "control.example.evil", "::g", "127.+0.0.1", "127.0.0.1:8z", "[::1]:x", ":80",
    ])
    func `any other name is refused, on loopback and elsewhere`(authority: String) {
        #expect(!AllowedHosts(addresses: .loopback, names: ["control.example"]).allows(authority))
        #expect(!AllowedHosts(addresses: .all, names: ["control.example"]).allows(authority))
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.9.8.7", true), ("::1", true), ("localhost", true), ("LOCALHOST", true),
        ("127.evil.example", false), ("127.0.0.1.evil.example", false), ("0.0.0.0", false), ("10.0.0.1", false),
        ("::", false), ("", false), ("127.", false),
    ])
    func `only addresses of loopback and localhost are this machine`(host: String, isIt: Bool) {
        #expect(AllowedHosts.isThisMachine(host) == isIt)
    }

    @Test(arguments: ["10.1.2.3", "192.168.0.1:7447", "[2001:db8::1]:7447", "8.8.8.8"])
    func `other addresses are answered where other machines may call`(authority: String) {
        #expect(!AllowedHosts(addresses: .loopback, names: []).allows(authority))
        #expect(AllowedHosts(addresses: .all, names: []).allows(authority))
    }
}
