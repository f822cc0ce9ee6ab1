import SluiceAPI
import Testing
import Transport
import Units

@testable import Control

/// Which authority may take which step.
@Suite struct AuthoritySetTests {
    private let now: Int64 = 1_795_000_000

    private func alone() throws -> AuthoritySet {
        try AuthoritySet(active: CertificateAuthority.make(commonName: "Sluice control", now: now))
    }

    private func withNext() throws -> AuthoritySet {
        let alone = try alone()
        return try alone.adding(alone.active.successor(now: now))
    }

    private func name(_ authority: CertificateAuthority?) throws -> String {
        AuthoritySet.name(of: try #require(authority))
    }

    private func states(_ set: AuthoritySet) -> [AuthorityState] { set.all.map { set.state(of: $0) } }

    @Test func `a second authority comes, signs, and the first goes`() throws {
        let first = try alone()
        #expect(states(first) == [.active] && first.chain.isEmpty)
        let next = try first.adding(first.active.successor(now: now))
        #expect(states(next) == [.active, .next] && next.chain.isEmpty)
        #expect(next.active.certificate.fingerprint == first.active.certificate.fingerprint)
        let activated = try next.activating(name(next.other), now: now)
        #expect(states(activated) == [.active, .retiring])
        #expect(try name(activated.active) == name(next.other))
        #expect(activated.chain.map(\.keyFingerprint) == [activated.active.key.fingerprint])
        #expect(activated.chain.allSatisfy { $0.isSigned(by: first.active.certificate) })
        let left = try activated.deleting(name(activated.other))
        #expect(states(left) == [.active] && left.chain.isEmpty)
        #expect(try name(left.active) == name(next.other))
    }

    @Test func `what was activated can be taken back, and what was not can be dropped`() throws {
        let next = try withNext()
        let activated = try next.activating(name(next.other), now: now)
        let back = try activated.activating(name(activated.other), now: now)
        #expect(try name(back.active) == name(next.active) && states(back) == [.active, .retiring])
        #expect(back.chain.allSatisfy { $0.isSigned(by: activated.active.certificate) } && back.chain.count == 1)
        #expect(try states(next.deleting(name(next.other))) == [.active])
        // Once more is no change.
        #expect(try activated.activating(name(activated.active), now: now).text == activated.text)
    }

    @Test func `there are never more than two, nor none, and names have to be known`() throws {
        let (first, next) = (try alone(), try withNext())
        func code(_ body: () throws -> AuthoritySet) -> UserError.Code? {
            do { _ = try body() } catch { return (error as? UserError)?.code }
            return nil
        }
        let third = try next.active.successor(now: now)
        #expect(code { try next.adding(third) } == .failedPrecondition)
        #expect(code { try first.deleting(name(first.active)) } == .failedPrecondition)
        #expect(code { try next.deleting(name(next.active)) } == .failedPrecondition)
        let unknown = AuthoritySet.name(of: third)
        #expect(code { try next.deleting(unknown) } == .notFound)
        #expect(code { try next.activating(unknown, now: now) } == .notFound)
    }

    @Test func `each state reads from its file as it was`() throws {
        let next = try withNext()
        let activated = try next.activating(name(next.other), now: now)
        for set in [try alone(), next, activated, try activated.deleting(name(activated.other))] {
            let read = try AuthoritySet(AuthorityFile(pem: set.file.pem), others: [])
            #expect(read.text == set.text && states(read) == states(set))
            #expect(read.chain.map(\.fingerprint) == set.chain.map(\.fingerprint))
        }
        // As it was before there could be two: the certificate in a file of its own.
        let first = try alone()
        let read = try AuthoritySet(AuthorityFile(pem: first.active.key.pem), others: [first.active.certificate])
        #expect(read.text == first.text)
        #expect(throws: TransportError.self) {
            try AuthoritySet(AuthorityFile(pem: first.active.key.pem), others: [next.active.certificate])
        }
    }
}
