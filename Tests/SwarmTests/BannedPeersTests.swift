import NIOCore
import Testing
import Units

@testable import Swarm

@Suite struct BannedPeersTests {
    private func id(_ number: Int) throws -> PeerID {
        try #require(
            PeerID(
                bytes: Array("-XX0001-".utf8) + Array(repeating: UInt8(number / 256), count: 11) + [UInt8(number % 256)]
            )
        )
    }

    @Test func `a liar under one new id after the other is shut out by its address, its neighbour is not before that`()
        throws
    {
        let address = try SocketAddress(ipAddress: "192.0.2.1", port: 1000)
        let elsewhere = try SocketAddress(ipAddress: "192.0.2.2", port: 1000)
        var banned = BannedPeers()
        for number in 0..<BannedPeers.liarsOfAddress {
            #expect(!banned.contains(try id(number), at: address))
            banned.insert(try id(number), at: address)
            banned.insert(try id(number), at: address)
            #expect(banned.contains(try id(number), at: elsewhere))
        }
        #expect(banned.contains(try id(99), at: try SocketAddress(ipAddress: "192.0.2.1", port: 2000)))
        #expect(!banned.contains(try id(99), at: elsewhere))
        #expect(!banned.contains(try id(99), at: nil))
    }

    @Test func `the oldest are forgotten, and with them what their address was shut out for`() throws {
        let address = try SocketAddress(ipAddress: "192.0.2.1", port: 1000)
        let elsewhere = try SocketAddress(ipAddress: "192.0.2.2", port: 1000)
        var banned = BannedPeers(limit: 3)
        for number in 0..<3 { banned.insert(try id(number), at: address) }
        #expect(banned.contains(try id(9), at: address))
        banned.insert(try id(3), at: elsewhere)
        #expect(!banned.contains(try id(0), at: address))
        #expect(banned.contains(try id(1), at: address))
        #expect(!banned.contains(try id(9), at: address))
    }
}
