internal import Store
internal import Units

extension UserError {
    /// What the store answers; what it refuses is told to the user where the user can do something about it.
    static func told<Answer>(_ ask: () async throws(StoreError) -> Answer) async throws -> Answer {
        do {
            return try await ask()
        } catch {
            switch error.code {
            case .invalidArgument: throw UserError(.invalidArgument, error.message)
            case .busy: throw UserError(.unavailable, error.message)
            default: throw error
            }
        }
    }
}
