internal import Logging
internal import RPC
internal import SluiceAPI
internal import Transport
internal import Units

/// Shows and changes control's authorities: the server of `AuthorityService`.
struct Authorities: AuthorityServiceServer {
    /// Nil where control runs in plaintext.
    let rotation: AuthorityRotation?
    let registry: AccessRegistry
    /// How long after its end a node's certificate is still good for a new one.
    let renewalGrace: Duration
    let clock: WallClock
    let logger: Logger

    func createAuthority(
        _ request: CreateAuthorityRequest,
        context: RPCServerContext
    ) async throws -> CreateAuthorityResponse {
        let now = clock.seconds
        let authorities = try await guarded().change { authorities in
            try authorities.adding(authorities.active.successor(now: now))
        }
        var response = CreateAuthorityResponse()
        if let made = authorities.other {
            logger.notice("the authority \(AuthoritySet.name(of: made)) was made")
            response.authority = await shown(made, authorities)
        }
        return response
    }

    func listAuthorities(
        _ request: ListAuthoritiesRequest,
        context: RPCServerContext
    ) async throws -> ListAuthoritiesResponse {
        let authorities = try guarded().authority.authorities
        var response = ListAuthoritiesResponse()
        for authority in authorities.all {
            response.authorities.append(await shown(authority, authorities))
            response.certificates.append(try authority.certificate.pem)
        }
        return response
    }

    func activateAuthority(
        _ request: ActivateAuthorityRequest,
        context: RPCServerContext
    ) async throws -> ActivateAuthorityResponse {
        let now = clock.seconds
        let authorities = try await guarded().change { authorities in
            try authorities.activating(request.name, now: now)
        }
        logger.notice("the authority \(request.name) signs from now on")
        var response = ActivateAuthorityResponse()
        response.authority = await shown(authorities.active, authorities)
        return response
    }

    func deleteAuthority(
        _ request: DeleteAuthorityRequest,
        context: RPCServerContext
    ) async throws -> DeleteAuthorityResponse {
        _ = try await guarded().change { authorities in
            let changed = try authorities.deleting(request.name)
            let holders = await holders(of: try authorities.named(request.name))
            if !request.force, let text = holders.text {
                throw UserError(
                    .failedPrecondition,
                    text,
                    hint: "Wait until they have renewed, or revoke them; with --force they need a new join token."
                )
            }
            return changed
        }
        logger.notice("the authority \(request.name) is not trusted any more")
        return DeleteAuthorityResponse()
    }

    private func guarded() throws(UserError) -> AuthorityRotation {
        guard let rotation else {
            throw UserError(.failedPrecondition, "this control runs in plaintext, and has no authority")
        }
        return rotation
    }

    private func holders(of authority: CertificateAuthority) async -> CertificateHolders {
        await registry.holders(of: authority.certificate.fingerprint, grace: renewalGrace)
    }

    private func shown(_ authority: CertificateAuthority, _ authorities: AuthoritySet) async -> Authority {
        let holders = await holders(of: authority)
        var shown = Authority()
        shown.name = AuthoritySet.name(of: authority)
        shown.state = authorities.state(of: authority)
        shown.nodes = UInt64(holders.count)
        shown.lateNodes = UInt64(holders.lateCount)
        let made = authority.certificate.notBefore + CertificateAuthority.backdating
        shown.createTime = Timestamp(milliseconds: made * 1000)
        shown.expireTime = Timestamp(milliseconds: authority.certificate.notAfter * 1000)
        shown.fingerprint = Hexadecimal.encode(authority.certificate.fingerprint)
        return shown
    }
}
