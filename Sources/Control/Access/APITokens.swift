internal import RPC
internal import SluiceAPI
internal import Store
internal import Transport
internal import Units

/// Makes and revokes users' tokens: the server of `ApiTokenService`.
struct APITokens: ApiTokenServiceServer {
    static let maximumLifetime = Duration.seconds(3650 * 86_400)

    let store: any ControlStore
    let registry: AccessRegistry
    let clock: WallClock

    func createApiToken(
        _ request: CreateApiTokenRequest,
        context: RPCServerContext
    ) async throws -> CreateApiTokenResponse {
        let asked = request.apiToken ?? ApiToken()
        guard let id = APITokenID(asked.name) else {
            throw UserError(.invalidArgument, "a token's name is 1 to 63 characters of a-z, 0-9 and -")
        }
        guard let role = AccessRoleRecord(asked.role) else {
            throw UserError(.invalidArgument, "a token needs a role: viewer, operator or admin", hint: "Add --role.")
        }
        let lifetime = request.lifetime?.duration
        guard request.lifetime?.isBetween(.seconds(1), Self.maximumLifetime) ?? true else {
            throw UserError(.invalidArgument, "a token lasts a second to ten years")
        }
        var generator = SystemRandomNumberGenerator()
        let text = APITokenText(using: &generator)
        let now = clock.milliseconds()
        let record = APITokenRecord(
            id: id,
            role: role,
            digest: AccessDigest.of(text.secret),
            createdAt: now,
            expiresAt: lifetime.map { now + $0.nanoseconds / 1_000_000 }
        )
        // Those that have ended make room.
        await registry.forgetEnded()
        try await registry.tokenChanges.perform(id) {
            do throws(StoreError) {
                try await store.createAPIToken(record, now: now)
            } catch {
                guard error.code == .alreadyExists else { throw error }
                throw UserError(.alreadyExists, "a token is named \(id) already")
            }
            await registry.tokenMade(record)
        }
        var response = CreateApiTokenResponse()
        response.apiToken = ApiToken(record)
        response.token = text.text
        return response
    }

    func listApiTokens(_ request: ListApiTokensRequest, context: RPCServerContext) async throws -> ListApiTokensResponse
    {
        try await ListApiTokensResponse(request) { page throws(StoreError) in
            try await store.apiTokens(page)
        } show: { response, records in
            response.apiTokens = records.map { ApiToken($0) }
        }
    }

    func deleteApiToken(
        _ request: DeleteApiTokenRequest,
        context: RPCServerContext
    ) async throws -> DeleteApiTokenResponse {
        let unknown = UserError(.notFound, "no token is named \(request.name)")
        guard let id = APITokenID(request.name) else { throw unknown }
        try await registry.tokenChanges.perform(id) {
            do throws(StoreError) {
                try await store.deleteAPIToken(id)
            } catch {
                throw error.code == .notFound ? unknown : error
            }
            await registry.tokenRemoved(id)
        }
        return DeleteApiTokenResponse()
    }
}

extension ApiToken {
    fileprivate init(_ record: APITokenRecord) {
        self.init()
        name = record.id.text
        role =
            switch record.role {
            case .viewer: .viewer
            case .operator: .operator
            case .admin: .admin
            }
        createTime = Timestamp(milliseconds: record.createdAt)
        expireTime = record.expiresAt.map { Timestamp(milliseconds: $0) }
    }
}

extension AccessRoleRecord {
    fileprivate init?(_ role: AccessRole) {
        switch role {
        case .viewer: self = .viewer
        case .operator: self = .operator
        case .admin: self = .admin
        default: return nil
        }
    }
}
