import SluiceAPI
import Testing
import Transport
import Units

@testable import Control

/// What nodes are told of authorities.
@Suite(.timeLimit(.minutes(1))) struct FleetAuthorityTests {
    private let now: Int64 = 1_795_000_000

    private func told(_ sink: RecordingSink) -> [TrustedAuthorities] {
        sink.all.compactMap { message in
            switch message {
            case .welcome(let welcome): welcome.authorities
            case .authorities(let authorities): authorities
            default: nil
            }
        }
    }

    @Test func `nodes hear whom to trust when they come and when it changes, and to renew where that is due`()
        async throws
    {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            let first = try AuthoritySet(active: CertificateAuthority.make(commonName: "Sluice control", now: now))
            let next = try first.adding(first.active.successor(now: now))
            let activated = try next.activating(AuthoritySet.name(of: try #require(next.other)), now: now)
            let old = first.active.certificate.fingerprint
            func connect(_ node: NodeID, showing authority: [UInt8]?) async throws -> RecordingSink {
                let sink = RecordingSink()
                _ = try await small.fleet.connected(
                    small.hello(node, .agent),
                    from: nil,
                    showing: authority,
                    through: sink
                )
                return sink
            }
            // In plaintext there is nothing to tell.
            #expect(told(try await connect(small.agent, showing: nil)).isEmpty)
            await small.fleet.authoritiesChanged(first, renews: false)
            let sink = try await connect(small.agent, showing: old)
            await small.fleet.authoritiesChanged(next, renews: false)
            await small.fleet.authoritiesChanged(activated, renews: true)
            #expect(told(sink).map(\.certificates) == [first.text, next.text, activated.text])
            #expect(told(sink).map { $0.renewWithin != nil } == [false, false, true])
            let late = told(try await connect(small.agent, showing: old))
            #expect(late.map(\.certificates) == [activated.text] && late.allSatisfy { $0.renewWithin != nil })
            let fresh = told(
                try await connect(small.agent, showing: activated.active.certificate.fingerprint)
            )
            #expect(fresh.map(\.certificates) == [activated.text] && fresh.allSatisfy { $0.renewWithin == nil })
        }
    }
}
