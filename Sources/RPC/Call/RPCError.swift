internal import Units

/// A call that did not end well: what a handler throws and what a caller catches.
package struct RPCError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Why; never `ok`.
    package var status: RPCStatus
    /// The trailing metadata that came, or is to go, with the status.
    package var metadata: RPCMetadata

    /// An error with `status`, which is not `ok`.
    package init(_ status: RPCStatus, metadata: RPCMetadata = RPCMetadata()) {
        precondition(status.code != .ok, "OK is not an error")
        self.status = status
        self.metadata = metadata
    }
    /// An error with a code and a sentence.
    package init(_ code: RPCStatusCode, _ message: String = "") {
        self.init(RPCStatus(code, message))
    }
    /// The code to act on.
    package var code: RPCStatusCode { status.code }
    /// The sentence.
    package var message: String { status.message }
    /// Such as `NOT_FOUND: no such origin`.
    package var description: String { status.description }
}

extension RPCError {
    /// What a peer is told of any error a handler threw. An unknown error's text stays here: it may hold paths or
    /// secrets.
    package init(thrown error: any Error) {
        switch error {
        case let error as RPCError: self = error
        case let error as UserError: self.init(RPCStatus(error))
        case is CancellationError: self.init(.cancelled, "the call was cancelled")
        default: self.init(.unknown, "the method failed")
        }
    }
}
