internal import HTTP

extension ClientCallState.Loss {
    /// What a failed HTTP stream means for its call.
    init(_ error: HTTPError) {
        if let code = error.streamReset {
            self = .reset(code)
        } else {
            self = .connection("the connection is gone: \(error)")
        }
    }
}
