package import RPC
package import Units

extension UserError {
    /// What control answered, as the user is told it.
    package init(_ error: RPCError) {
        let code: UserError.Code =
            switch error.code {
            case .invalidArgument, .outOfRange: .invalidArgument
            case .notFound: .notFound
            case .alreadyExists: .alreadyExists
            case .failedPrecondition: .failedPrecondition
            case .permissionDenied: .permissionDenied
            case .unauthenticated: .unauthenticated
            case .resourceExhausted: .resourceExhausted
            case .unavailable: .unavailable
            case .deadlineExceeded: .deadlineExceeded
            case .aborted: .aborted
            case .dataLoss: .dataLoss
            case .unimplemented: .unimplemented
            case .cancelled: .cancelled
            default: .internal
            }
        self.init(code, error.message.isEmpty ? error.description : error.message)
    }
}
