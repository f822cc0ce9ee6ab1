internal import HTTP
internal import SluiceAPI
internal import Store
internal import Transport
internal import Units

/// Who is known: tokens and enrolled nodes in memory, as the store has them, and the calls that are under way in their
/// names, so that these end when the right to them does.
actor AccessRegistry {
    /// How long after its certificate's end a node is still heard, in milliseconds: clocks differ.
    static let tolerance: Int64 = 300_000

    private struct LiveCall {
        let principal: AccessPrincipal
        /// When the credentials end, milliseconds since 1970; nil for never.
        let endsAt: Int64?
        /// Of the certificate that was shown; nil where none was.
        let authority: [UInt8]?
        let end: AsyncStream<UserError>.Continuation
    }

    private let clock: WallClock
    private var tokens: [APITokenID: APITokenRecord] = [:]
    /// By the first bytes of the digest: the rest is compared in constant time.
    private var tokensByPrefix: [[UInt8]: [APITokenID]] = [:]
    private var enrollments: [NodeID: EnrollmentRecord] = [:]
    /// Fingerprints of the authorities whose certificates count.
    private var authorities: Set<[UInt8]>
    private var calls: [UInt64: LiveCall] = [:]
    private var callsOf: [AccessPrincipal: Set<UInt64>] = [:]
    private var lastCall: UInt64 = 0

    /// What is stored of a token or an enrollment is made known here in the same order.
    nonisolated let tokenChanges = ChangeLine<APITokenID>()
    nonisolated let enrollmentChanges = ChangeLine<NodeID>()

    init(clock: WallClock, authorities: [[UInt8]] = []) {
        self.clock = clock
        self.authorities = Set(authorities)
    }

    /// Reads what is known.
    func load(_ store: any ControlStore) async throws {
        for token in try await store.allAPITokens() { tokenMade(token) }
        for enrollment in try await store.enrollments() { enrollments[enrollment.node] = shared(enrollment) }
    }

    // MARK: Changes

    func tokenMade(_ token: APITokenRecord) {
        tokens[token.id] = token
        tokensByPrefix[Self.prefix(token.digest), default: []].append(token.id)
    }

    /// Takes those out that have ended.
    func forgetEnded() {
        let now = clock.milliseconds()
        for token in tokens.values where token.expiresAt.map({ $0 <= now }) ?? false { tokenRemoved(token.id) }
    }

    func tokenRemoved(_ id: APITokenID) {
        guard let token = tokens.removeValue(forKey: id) else { return }
        tokensByPrefix[Self.prefix(token.digest)]?.removeAll { $0 == id }
        endCalls(of: .user(id, token.role), UserError(.unauthenticated, "the token was revoked"))
    }

    /// A node came in, or came back with another key: what spoke for its name before no longer does.
    func enrolled(_ enrollment: EnrollmentRecord) {
        let before = enrollments.updateValue(shared(enrollment), forKey: enrollment.node)
        guard let before, before.keyDigest != enrollment.keyDigest else { return }
        endCalls(of: .node(before.node, before.role), Self.revoked(before.node))
    }

    func nodeRevoked(_ id: NodeID) {
        guard let enrollment = enrollments[id] else { return }
        enrollments[id]?.revokedAt = enrollment.revokedAt ?? clock.milliseconds()
        endCalls(of: .node(id, enrollment.role), Self.revoked(id))
    }

    // MARK: Certificates

    /// Certificates by these authorities count, and by no others: calls that were begun with one by another end.
    func trust(_ authorities: [[UInt8]]) {
        self.authorities = Set(authorities)
        for call in calls.values {
            guard let authority = call.authority, !self.authorities.contains(authority) else { continue }
            call.end.yield(Self.distrusted)
        }
    }

    /// Whether a node shows another certificate than it is known to have: that has to be stored.
    func isNew(_ certificate: PeerIdentity, of node: NodeID) -> Bool {
        guard let known = enrollments[node] else { return false }
        return known.authority != certificate.authority || known.certificateEndsAt != certificate.notAfter * 1000
    }

    /// It is stored which certificate a node has.
    func certificateShown(_ certificate: PeerIdentity, by node: NodeID) {
        guard var known = enrollments[node] else { return }
        known.authority = certificate.authority
        known.certificateEndsAt = certificate.notAfter * 1000
        enrollments[node] = shared(known)
    }

    /// The certificate that a node showed last, or was given; nil where that is not known.
    func certificate(of node: NodeID) -> (authority: [UInt8], endsAt: Int64)? {
        guard let known = enrollments[node], let authority = known.authority, let end = known.certificateEndsAt else {
            return nil
        }
        return (authority, end)
    }

    /// With one array for all nodes that have certificates by the same authority.
    private func shared(_ enrollment: EnrollmentRecord) -> EnrollmentRecord {
        guard let authority = enrollment.authority, let index = authorities.firstIndex(of: authority) else {
            return enrollment
        }
        var shared = enrollment
        shared.authority = authorities[index]
        return shared
    }

    /// Who has a certificate by an authority, as far as is known, and who shows one right now.
    func holders(of authority: [UInt8], grace: Duration) -> CertificateHolders {
        var holders = CertificateHolders()
        let (now, grace) = (clock.milliseconds(), max(Self.tolerance, grace.nanoseconds / 1_000_000))
        var live: Set<NodeID> = []
        for call in calls.values {
            if call.authority == authority, case .node(let node, _) = call.principal { live.insert(node) }
        }
        for known in enrollments.values where known.revokedAt == nil {
            // Where the end is not known there may be none yet.
            let end = known.authority == authority ? known.certificateEndsAt ?? .max : nil
            if live.contains(known.node) || end.map({ now < $0 }) == true {
                holders.add(known.node)
            } else if let end, now - end < grace {
                holders.addLate(known.node)
            }
        }
        return holders
    }

    private static var distrusted: UserError {
        UserError(
            .unauthenticated,
            "the authority of this certificate is not trusted any more",
            hint: "Give the node a new join token."
        )
    }

    // MARK: Judging

    /// Whose token this is; throws `unauthenticated` where it is nobody's.
    func user(bearing text: String) throws(UserError) -> (principal: AccessPrincipal, endsAt: Int64?) {
        guard let token = APITokenText(text) else {
            throw UserError(.unauthenticated, "this is not an API token")
        }
        let digest = AccessDigest.of(token.secret)
        for id in tokensByPrefix[Self.prefix(digest)] ?? [] {
            guard let known = tokens[id], AccessDigest.isEqual(known.digest, digest) else { continue }
            if let end = known.expiresAt, end <= clock.milliseconds() {
                throw UserError(.unauthenticated, "the token \(id) has ended")
            }
            return (.user(id, known.role), known.expiresAt)
        }
        throw UserError(.unauthenticated, "the token is not known, or was revoked")
    }

    /// Whose certificate this is; throws where it is no node's that is welcome, or has ended, more than `grace` ago.
    func node(
        _ peer: PeerIdentity?,
        within grace: Duration = .zero
    ) throws(UserError) -> (principal: AccessPrincipal, endsAt: Int64?) {
        guard let peer, let name = peer.uris.lazy.compactMap({ NodeCertificateName(uri: $0) }).first else {
            throw UserError(
                .unauthenticated,
                "a node has to show its certificate",
                hint: "Enroll it with a join token."
            )
        }
        guard authorities.contains(peer.authority) else { throw Self.distrusted }
        let end = peer.notAfter * 1000 + max(Self.tolerance, grace.nanoseconds / 1_000_000)
        guard clock.milliseconds() < end else {
            throw UserError(.unauthenticated, "the certificate of \(name.node) has ended")
        }
        guard let known = enrollments[name.node], NodeRole(known.role) == name.role,
            AccessDigest.isEqual(known.keyDigest, peer.keyFingerprint)
        else {
            throw UserError(.permissionDenied, "the certificate is not the one that \(name.node) is enrolled with")
        }
        guard known.revokedAt == nil else { throw Self.revoked(name.node) }
        return (.node(name.node, known.role), end)
    }

    private static func revoked(_ id: NodeID) -> UserError {
        UserError(
            .permissionDenied,
            "\(id) was revoked",
            hint: "An admin can let it in again with a join token for that node."
        )
    }

    private static func prefix(_ digest: [UInt8]) -> [UInt8] { Array(digest.prefix(8)) }

    // MARK: Calls under way

    /// A call has begun. The stream gives why it has to end, once it has to.
    func callBegan(
        _ principal: AccessPrincipal,
        endsAt: Int64?,
        authority: [UInt8]? = nil
    ) -> (number: UInt64, end: AsyncStream<UserError>) {
        let (stream, continuation) = AsyncStream.makeStream(of: UserError.self, bufferingPolicy: .bufferingNewest(1))
        lastCall += 1
        calls[lastCall] = LiveCall(principal: principal, endsAt: endsAt, authority: authority, end: continuation)
        callsOf[principal, default: []].insert(lastCall)
        return (lastCall, stream)
    }

    func callEnded(_ number: UInt64) {
        guard let call = calls.removeValue(forKey: number) else { return }
        callsOf[call.principal]?.remove(number)
        if callsOf[call.principal]?.isEmpty == true { callsOf.removeValue(forKey: call.principal) }
    }

    /// Ends calls whose credentials have ended meanwhile.
    func sweep() {
        let now = clock.milliseconds()
        for call in calls.values {
            guard let end = call.endsAt, end <= now else { continue }
            call.end.yield(UserError(.unauthenticated, "the caller's credentials have ended"))
        }
    }

    private func endCalls(of principal: AccessPrincipal, _ reason: UserError) {
        for number in callsOf[principal] ?? [] { calls[number]?.end.yield(reason) }
    }
}
