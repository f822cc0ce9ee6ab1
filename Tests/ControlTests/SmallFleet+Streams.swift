import Logging
import Manifest
import RPC
import SluiceAPI
import Testing
import Units

@testable import Control

extension SmallFleet {
    func hello(_ id: NodeID, _ role: NodeRole) -> Hello {
        var hello = Hello()
        var node = Node()
        node.name = id.text
        node.role = role
        node.address = "127.0.0.1:1"
        hello.node = node
        hello.incarnation = 1
        if role == .relay { hello.publicKey = relayKey.publicKey.bytes }
        return hello
    }

    func leases(_ fleet: Fleet? = nil) -> LeaseDesk {
        LeaseDesk(
            store: store,
            epoch: Epoch(rawValue: 1),
            leaseDuration: .seconds(30),
            logger: Logger(label: "test")
        )
    }

    func streams(_ leases: LeaseDesk? = nil) -> NodeStreams {
        NodeStreams(
            fleet: fleet,
            leases: leases ?? self.leases(),
            polls: NodePolls(),
            helloDeadline: .seconds(10),
            logger: Logger(label: "test")
        )
    }

    /// A node's stream comes up.
    func connect(_ id: NodeID, _ role: NodeRole, on streams: NodeStreams) async throws -> (NodeStream, RecordingSink) {
        let sink = RecordingSink()
        let stream = try await AccessPrincipal.$current.withValue(.everyone) {
            try await streams.open(hello(id, role), nil, nil, sink)
        }
        return (stream, sink)
    }

    /// A second relay's stream comes up.
    func connectOther(to fleet: Fleet? = nil) async throws -> (NodeID, RecordingSink) {
        let other = try #require(NodeID("relay-2"))
        let sink = RecordingSink()
        _ = try await (fleet ?? self.fleet).connected(hello(other, .relay), from: nil, through: sink)
        return (other, sink)
    }

    /// What a node says is dealt with.
    func say(_ message: ConnectRequest.Message, on stream: NodeStream, of streams: NodeStreams) async throws {
        try await streams.received(message, on: stream)?()
    }

    /// An order that has been made.
    func distribution(_ requestID: String = "r") async throws -> DistributionID {
        try #require(DistributionID(try await fleet.create(order, requestID: requestID).name))
    }
}
