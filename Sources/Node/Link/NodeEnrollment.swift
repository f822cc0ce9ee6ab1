internal import HTTP
internal import Logging
internal import RPC
internal import SluiceAPI
internal import Transport
internal import Units

/// Gets a node its certificate, and a new one before that ends.
struct NodeEnrollment: Sendable {
    /// How long control may take for an answer.
    static let answerDeadline = Duration.seconds(15)
    /// The longest sleep between two looks at the clock, which may be set or stand still meanwhile.
    static let longestSleep: Int64 = 60

    let endpoint: ControlEndpoint
    let folder: String
    let name: NodeCertificateName
    let logger: Logger

    static func now() -> Int64 { WallClock.system.seconds }

    /// What is kept, or what control gives for the join token. Waits for as long as control cannot be reached; throws
    /// where control refuses.
    func credentials(joinToken: String?) async throws -> NodeCredentials {
        let kept = try NodeCredentials.kept(in: folder, for: name)
        if let kept {
            if let joinToken, let settled = await settle(kept, joinToken) { return settled }
            if Self.now() < kept.identity.certificate.notAfter { return kept }
            if try await renewLate(kept) { return kept }
        }
        guard let joinToken else {
            let why = kept == nil ? "is not enrolled" : "was away for longer than its certificate lasts"
            throw UserError(
                .unauthenticated,
                "\(name.node) \(why)",
                hint: "Give it --join-token; `sluice join-tokens create` makes one. Or --plaintext."
            )
        }
        guard let token = JoinTokenText(joinToken) else {
            throw UserError(.invalidArgument, "this is not a join token")
        }
        var backoff = Self.backoff
        while true {
            do {
                return try await enroll(token)
            } catch let error as RPCError where Self.isRefusal(error) {
                throw UserError(error.code == .permissionDenied ? .permissionDenied : .unauthenticated, error.message)
            } catch let error where error is RPCError || error is HTTPError {
                logger.notice("control does not answer yet", metadata: ["error": "\(error)"])
                try await Task.sleep(for: backoff.attemptFailed())
            }
        }
    }

    /// The join token names another authority than that of the certificate which is kept: either the token is of before a
    /// rotation, and control renews the certificate, or control does not trust that authority any more, and the token may let
    /// the node in again. Nil where neither is so; then what is kept counts, as without a token.
    private func settle(_ kept: NodeCredentials, _ joinToken: String) async -> NodeCredentials? {
        guard let token = JoinTokenText(joinToken), !kept.isBy(token.authority) else { return nil }
        if (try? await renew(kept)) != nil { return kept }
        guard let enrolled = try? await enroll(token) else { return nil }
        logger.notice("control does not trust the authority of the node's certificate any more: it enrolled again")
        return enrolled
    }

    /// The certificate has ended while the node was away: control may still give a new one for it. False where it does not.
    private func renewLate(_ kept: NodeCredentials) async throws -> Bool {
        var backoff = Self.backoff
        while true {
            do {
                try await renew(kept)
                logger.info("the node's certificate had ended, and was renewed")
                return true
            } catch let error as RPCError where Self.isRefusal(error) {
                return false
            } catch let error where error is RPCError || error is HTTPError {
                logger.notice("control does not answer yet", metadata: ["error": "\(error)"])
                try await Task.sleep(for: backoff.attemptFailed())
            }
        }
    }

    private static func isRefusal(_ error: RPCError) -> Bool {
        error.code != .unavailable && error.code != .deadlineExceeded
    }

    private static var backoff: ReconnectBackoff {
        ReconnectBackoff(seed: UInt64.random(in: 0 ... .max), initial: .milliseconds(200), maximum: .seconds(30))
    }

    /// Shows control the token only after control has proven that it holds the authority the token names.
    private func enroll(_ token: JoinTokenText) async throws -> NodeCredentials {
        let key = try NodeCredentials.key(in: folder)
        let tls = try TLSClientContext(trust: .pinned(token.authority), requiredURI: NodeCertificateName.control)
        let (http, client) = try await endpoint.connect(tls: tls)
        defer { Task { await http.close() } }
        var request = EnrollRequest()
        request.joinToken = token.text
        request.name = name.node.text
        request.role = name.role
        request.certificateRequest = try CertificateRequest(key: key).pem
        request.followsAuthorities = true
        let options = RPCCallOptions(timeout: Self.answerDeadline)
        let answer: EnrollResponse
        do {
            answer = try await EnrollmentServiceClient(client).enroll(request, options: options)
        } catch {
            guard tls.hasRefusedAuthority else { throw error }
            throw UserError(
                .permissionDenied,
                "\(endpoint.host):\(endpoint.port) does not hold the authority that the join token names",
                hint: "Check --control, or have a new token made there. Nothing was sent."
            )
        }
        let authorities = try CertificateBundle(pem: answer.authority)
        guard authorities.fingerprints.contains(token.authority) else {
            throw UserError(.dataLoss, "control's authority is not the one that the join token names")
        }
        let credentials = try NodeCredentials.keep(
            certificates: answer.certificate,
            authorities: authorities,
            key: key,
            in: folder
        )
        logger.info("\(name.node) enrolled")
        return credentials
    }

    /// Renews the certificate for as long as the task lives, in time or when control wishes so; `renewed` is called behind
    /// each new one.
    func keepFresh(_ credentials: NodeCredentials, wish: RenewalWish, renewed: @Sendable () -> Void) async {
        let spread = Double.random(in: 0..<1)
        while !Task.isCancelled {
            let certificate = credentials.identity.certificate
            let renewal = CertificateRenewal(notAfter: certificate.notAfter)
            let issuedAt = certificate.notBefore + CertificateAuthority.backdating
            let now = Self.now()
            var wished = wish.dueAt
            let untilWished = wished.map { max(1, $0 - now) } ?? .max
            var pause = min(Self.longestSleep, max(1, (certificate.notAfter - now) / 20), untilWished)
            if wished.map({ $0 <= now }) ?? false || renewal.isDue(at: now, issuedAt: issuedAt, spread: spread) {
                do {
                    try await renew(credentials)
                    wish.fulfilled()
                    wished = nil
                    logger.info("the node's certificate was renewed")
                    renewed()
                } catch {
                    let ended = renewal.hasEnded(at: now)
                    logger.log(
                        level: ended ? .error : .notice,
                        "the node's certificate \(ended ? "has ended and " : "")could not be renewed",
                        metadata: ["error": "\(error)"]
                    )
                    pause = renewal.retryDelay(at: now)
                }
            }
            await wish.wait(for: .seconds(pause), knowing: wished)
        }
    }

    private func renew(_ credentials: NodeCredentials) async throws {
        let (http, client) = try await endpoint.connect(tls: credentials.client)
        defer { Task { await http.close() } }
        var request = RenewRequest()
        request.certificateRequest = try CertificateRequest(key: credentials.identity.key).pem
        request.followsAuthorities = true
        let options = RPCCallOptions(timeout: Self.answerDeadline)
        let answer = try await EnrollmentServiceClient(client).renew(request, options: options)
        try credentials.renewed(
            certificates: answer.certificate,
            authorities: CertificateBundle(pem: answer.authority)
        )
    }
}
