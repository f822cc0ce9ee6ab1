package import Units

/// How a call ended.
package struct RPCStatus: Hashable, Sendable, CustomStringConvertible {
    /// The code to act on.
    package var code: RPCStatusCode
    /// A sentence for a developer; any Unicode text.
    package var message: String
    /// A serialized `google.rpc.Status` (`grpc-status-details-bin`); empty where there are none.
    package var details: [UInt8]

    /// A status with an optional sentence and details.
    package init(_ code: RPCStatusCode, _ message: String = "", details: [UInt8] = []) {
        self.code = code
        self.message = message
        self.details = details
    }
    /// The call did what it was asked.
    package static let ok = RPCStatus(.ok)
    /// Such as `NOT_FOUND: no such origin`.
    package var description: String { message.isEmpty ? code.name : "\(code.name): \(message)" }
}

extension RPCStatus {
    /// The status that tells a caller of a user error.
    package init(_ error: UserError) {
        self.init(RPCStatusCode(error.code), error.description)
    }
}

extension RPCStatusCode {
    /// The code of the same name.
    package init(_ code: UserError.Code) {
        switch code {
        case .invalidArgument: self = .invalidArgument
        case .notFound: self = .notFound
        case .alreadyExists: self = .alreadyExists
        case .failedPrecondition: self = .failedPrecondition
        case .permissionDenied: self = .permissionDenied
        case .unauthenticated: self = .unauthenticated
        case .resourceExhausted: self = .resourceExhausted
        case .unavailable: self = .unavailable
        case .deadlineExceeded: self = .deadlineExceeded
        case .aborted: self = .aborted
        case .dataLoss: self = .dataLoss
        case .unimplemented: self = .unimplemented
        case .cancelled: self = .cancelled
        case .internal: self = .internal
        }
    }
}
