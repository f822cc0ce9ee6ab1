internal import RPC
internal import SluiceAPI
internal import Store
internal import Transport
internal import Units

/// Makes join tokens: the server of `JoinTokenService`.
struct JoinTokens: JoinTokenServiceServer {
    static let defaultLifetime = Duration.seconds(86_400)
    static let maximumLifetime = Duration.seconds(31 * 86_400)
    static let maximumUses: UInt32 = 1_000_000
    /// What an operator, who is no admin, may make at most.
    static let operatorLifetime = Duration.seconds(600)

    let store: any ControlStore
    /// Nil where control runs in plaintext.
    let authority: ControlAuthority?
    let clock: WallClock

    func createJoinToken(
        _ request: CreateJoinTokenRequest,
        context: RPCServerContext
    ) async throws -> CreateJoinTokenResponse {
        guard let authority else {
            throw UserError(.failedPrecondition, "this control runs in plaintext, where nodes need not enroll")
        }
        let asked = request.joinToken ?? JoinToken()
        let wanted = request.lifetime ?? ProtoDuration(Self.defaultLifetime)
        try Self.check(asked, wanted)
        let lifetime = wanted.duration
        guard let role = NodeRecordRole(asked.role) else {
            throw UserError(.invalidArgument, "a join token is for relays or for agents", hint: "Add --role.")
        }
        var generator = SystemRandomNumberGenerator()
        let id = asked.name.isEmpty ? JoinTokenID(prefix: "join", using: &generator) : JoinTokenID(asked.name)
        guard let id else { throw UserError(.invalidArgument, "a name is 1 to 63 characters of a-z, 0-9 and -") }
        var node: NodeID?
        if !asked.node.isEmpty {
            guard let named = NodeID(asked.node) else {
                throw UserError(.invalidArgument, "\(asked.node) is not a node's name")
            }
            node = named
        }
        let signer = authority.authorities.active.certificate
        let text = JoinTokenText(authority: signer.fingerprint, using: &generator)
        let now = clock.milliseconds()
        let record = JoinTokenRecord(
            id: id,
            role: role,
            node: node,
            digest: AccessDigest.of(text.secret),
            maximumUses: max(asked.maxUses, 1),
            createdAt: now,
            expiresAt: now + lifetime.nanoseconds / 1_000_000
        )
        do {
            try await store.createJoinToken(record, now: now)
        } catch {
            guard error.code == .alreadyExists else { throw error }
            throw UserError(.alreadyExists, "a join token is named \(id) already")
        }
        var response = CreateJoinTokenResponse()
        response.joinToken = JoinToken(record)
        response.token = text.text
        return response
    }

    private static func check(_ asked: JoinToken, _ lifetime: ProtoDuration) throws(UserError) {
        guard lifetime.isBetween(.seconds(1), maximumLifetime), asked.maxUses <= maximumUses else {
            throw UserError(.invalidArgument, "a join token lasts a second to 31 days, for up to \(maximumUses) nodes")
        }
        guard case .user(_, let role) = AccessPrincipal.current, role < .admin else { return }
        guard asked.role == .agent, asked.node.isEmpty, asked.maxUses <= 1, lifetime.duration <= operatorLifetime else {
            throw UserError(
                .permissionDenied,
                "an operator makes join tokens for one agent and ten minutes; more needs an admin"
            )
        }
    }

    func listJoinTokens(
        _ request: ListJoinTokensRequest,
        context: RPCServerContext
    ) async throws -> ListJoinTokensResponse {
        try await ListJoinTokensResponse(request) { page throws(StoreError) in
            try await store.joinTokens(page)
        } show: { response, records in
            response.joinTokens = records.map { JoinToken($0) }
        }
    }

    func deleteJoinToken(
        _ request: DeleteJoinTokenRequest,
        context: RPCServerContext
    ) async throws -> DeleteJoinTokenResponse {
        let unknown = UserError(.notFound, "no join token is named \(request.name)")
        guard let id = JoinTokenID(request.name) else { throw unknown }
        do {
            try await store.deleteJoinToken(id)
        } catch {
            throw error.code == .notFound ? unknown : error
        }
        return DeleteJoinTokenResponse()
    }
}

extension JoinToken {
    fileprivate init(_ record: JoinTokenRecord) {
        self.init()
        name = record.id.text
        role = NodeRole(record.role)
        node = record.node?.text ?? ""
        maxUses = record.maximumUses
        uses = record.uses
        createTime = Timestamp(milliseconds: record.createdAt)
        expireTime = Timestamp(milliseconds: record.expiresAt)
    }
}
