internal import HTTP
internal import Logging
internal import NIOCore
internal import RPC
internal import SluiceAPI
internal import Store
internal import Transport
internal import Units

/// Takes nodes in and renews their certificates: the server of `EnrollmentService`.
struct Enrollments: EnrollmentServiceServer {
    let store: any ControlStore
    let registry: AccessRegistry
    /// Nil where control runs in plaintext.
    let authority: ControlAuthority?
    /// In seconds.
    let certificateLifetime: Int64
    let clock: WallClock
    let logger: Logger

    /// Of a certificate request, in bytes of PEM.
    private static let longestRequest = 16 << 10

    func enroll(_ request: EnrollRequest, context: RPCServerContext) async throws -> EnrollResponse {
        let authorities = try guarded()
        guard let token = JoinTokenText(request.joinToken) else {
            throw UserError(.unauthenticated, "this is not a join token")
        }
        guard let node = NodeID(request.name) else {
            throw UserError(.invalidArgument, "a node's name is 1 to 63 characters of a-z, 0-9 and -")
        }
        guard let role = NodeRecordRole(request.role), let unused = JoinTokenID("none") else {
            throw UserError(.invalidArgument, "a node is a relay or an agent")
        }
        // A stranger costs one read: neither a signature is verified nor the writer waited for.
        let digest = AccessDigest.of(token.secret)
        guard try await store.joinToken(digest: digest) != nil else { throw Self.refusal(.spent, node) }
        let signing = try Self.request(request.certificateRequest)
        let (now, seconds) = (clock.milliseconds(), clock.seconds)
        let signer = Self.signer(authorities, request.followsAuthorities, token.authority)
        let wanted = EnrollmentRecord(
            node: node,
            role: role,
            keyDigest: signing.keyFingerprint,
            token: unused,
            enrolledAt: now,
            authority: signer.certificate.fingerprint,
            certificateEndsAt: min(seconds + certificateLifetime, signer.certificate.notAfter) * 1000
        )
        try await registry.enrollmentChanges.perform(node) {
            let answer = try await store.enroll(tokenDigest: digest, now: now, wanted)
            guard let answer else { throw Self.refusal(.spent, node) }
            guard case .admitted(let countsUse) = answer.verdict else { throw Self.refusal(answer.verdict, node) }
            guard countsUse else { return }
            var enrolled = wanted
            enrolled.token = answer.token.id
            await registry.enrolled(enrolled)
            logger.info("\(role.rawValue) \(node) enrolled", metadata: ["token": "\(answer.token.id)"])
        }
        var response = EnrollResponse()
        response.certificate = try issue(authorities, signer, signing, node, role, context, at: seconds)
        try checkTrust(in: signer)
        response.authority = try Self.trusted(authorities, signer)
        return response
    }

    func renew(_ request: RenewRequest, context: RPCServerContext) async throws -> RenewResponse {
        let authorities = try guarded()
        guard case .node(let node, let role) = AccessPrincipal.current, let peer = context.peer else {
            throw UserError(.unauthenticated, "a node has to show its certificate")
        }
        let signing = try Self.request(request.certificateRequest)
        guard signing.keyFingerprint == peer.keyFingerprint else {
            throw UserError(.permissionDenied, "the request is not for the key that \(node) is enrolled with")
        }
        var response = RenewResponse()
        let signer = Self.signer(authorities, request.followsAuthorities, peer.authority)
        response.certificate = try issue(authorities, signer, signing, node, role, context, at: clock.seconds)
        try checkTrust(in: signer)
        response.authority = try Self.trusted(authorities, signer)
        return response
    }

    private func guarded() throws(UserError) -> AuthoritySet {
        guard let authority else {
            throw UserError(
                .failedPrecondition,
                "this control runs in plaintext, where nodes need not enroll",
                hint: "Start the node with --plaintext."
            )
        }
        return authority.authorities
    }

    /// Who signs. A node that knows but one authority keeps to it for as long as that is trusted.
    private static func signer(
        _ authorities: AuthoritySet,
        _ followsAuthorities: Bool,
        _ known: [UInt8]
    ) -> CertificateAuthority {
        let kept = followsAuthorities ? nil : authorities.authority(fingerprint: known)
        return kept ?? authorities.active
    }

    /// An authority that was deleted meanwhile has signed for nothing: the node asks again.
    private func checkTrust(in signer: CertificateAuthority) throws(UserError) {
        guard try guarded().authority(fingerprint: signer.certificate.fingerprint) == nil else { return }
        throw UserError(.unavailable, "the authorities have just changed", hint: "Try again.")
    }

    /// What a node is to trust, the authority of its own certificate first.
    private static func trusted(_ authorities: AuthoritySet, _ signer: CertificateAuthority) throws -> String {
        try CertificateBundle(signer.certificate, authorities.trusted.certificates).pem
    }

    private static func request(_ pem: String) throws(UserError) -> CertificateRequest {
        guard pem.utf8.count <= longestRequest else {
            throw UserError(.invalidArgument, "a certificate request has at most \(longestRequest) bytes")
        }
        do {
            return try CertificateRequest(pem: pem)
        } catch {
            throw UserError(.invalidArgument, error.message)
        }
    }

    private static func refusal(_ verdict: EnrollmentVerdict, _ node: NodeID) -> UserError {
        switch verdict {
        case .admitted, .spent:
            UserError(.unauthenticated, "the join token is not known, has ended, or was used as often as it may be")
        case .otherRole: UserError(.permissionDenied, "the join token is for nodes of the other role")
        case .otherNode: UserError(.permissionDenied, "the join token is for another node than \(node)")
        case .keyRevoked:
            UserError(
                .permissionDenied,
                "a node with this key was revoked",
                hint: "An admin can let it in again: sluice join-tokens create --node \(node)"
            )
        case .nameTaken:
            UserError(
                .alreadyExists,
                "another key is enrolled as \(node)",
                hint: "An admin can replace it: sluice join-tokens create --node \(node)"
            )
        }
    }

    /// The names in a certificate are those that control knows to be true: the node's own, and the address that a relay came
    /// from, where it serves. Nobody asks an agent for anything over TLS.
    private func issue(
        _ authorities: AuthoritySet,
        _ signer: CertificateAuthority,
        _ signing: CertificateRequest,
        _ node: NodeID,
        _ role: NodeRecordRole,
        _ context: RPCServerContext,
        at now: Int64
    ) throws -> String {
        var profile = CertificateProfile(commonName: node.text, lifetime: certificateLifetime)
        profile.uris = [NodeCertificateName(node: node, role: NodeRole(role)).uri]
        profile.isClient = true
        profile.isServer = role == .relay
        if role == .relay, let address = context.remoteAddress?.ipAddress, !address.contains("%") {
            profile.addresses = [address]
        }
        let certificate = try signer.issue(profile, for: signing, now: now)
        let chain = authorities.state(of: signer) == .active ? authorities.chain : []
        return try CertificateBundle(certificate, chain).pem
    }
}
