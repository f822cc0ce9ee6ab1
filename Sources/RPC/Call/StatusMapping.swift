package import HTTP

extension RPCStatusCode {
    /// What a client makes of an HTTP status that came without `grpc-status` (doc/http-grpc-status-mapping.md).
    /// Servers never map the other way.
    package init(httpStatus: Int) {
        switch httpStatus {
        case 400: self = .internal
        case 401: self = .unauthenticated
        case 403: self = .permissionDenied
        case 404: self = .unimplemented
        case 429, 502, 503, 504: self = .unavailable
        default: self = .unknown
        }
    }

    /// What a client makes of a stream that was reset (PROTOCOL-HTTP2, "Errors").
    package init(streamReset code: HTTP2ErrorCode) {
        switch code {
        case .refusedStream: self = .unavailable
        case .cancel: self = .cancelled
        case .enhanceYourCalm: self = .resourceExhausted
        case .inadequateSecurity: self = .permissionDenied
        case .http11Required: self = .unknown
        default: self = .internal
        }
    }
}
