import HTTP
import Testing

@testable import RPC

struct StatusMappingTests {
    @Test(
        arguments: [
            (400, .internal), (401, .unauthenticated), (403, .permissionDenied), (404, .unimplemented),
            (429, .unavailable), (502, .unavailable), (503, .unavailable), (504, .unavailable), (500, .unknown),
            (301, .unknown), (418, .unknown),
        ] as [(Int, RPCStatusCode)]
    ) func `an HTTP status without grpc-status has its code`(http: Int, code: RPCStatusCode) {
        #expect(RPCStatusCode(httpStatus: http) == code)
        var call = ClientCallState(kind: .unary, compresses: false, limits: RPCLimits())
        let needsReset = call.headArrived(HTTPResponseHead(status: http))
        #expect(needsReset)
        #expect(call.status?.code == code)
    }

    @Test(
        arguments: [
            (.noError, .internal), (.protocolError, .internal), (.internalError, .internal),
            (.flowControlError, .internal), (.settingsTimeout, .internal), (.frameSizeError, .internal),
            (.compressionError, .internal), (.connectError, .internal), (.refusedStream, .unavailable),
            (.cancel, .cancelled), (.enhanceYourCalm, .resourceExhausted), (.inadequateSecurity, .permissionDenied),
        ] as [(HTTP2ErrorCode, RPCStatusCode)]
    ) func `a reset stream has its code`(
        reset: HTTP2ErrorCode,
        code: RPCStatusCode
    ) {
        #expect(RPCStatusCode(streamReset: reset) == code)
    }

    @Test func `each of the seventeen codes has its HTTP status`() {
        let expected: [RPCStatusCode: Int] = [
            .ok: 200, .cancelled: 499, .unknown: 500, .invalidArgument: 400, .deadlineExceeded: 504, .notFound: 404,
            .alreadyExists: 409, .permissionDenied: 403, .resourceExhausted: 429, .failedPrecondition: 400,
            .aborted: 409, .outOfRange: 400, .unimplemented: 501, .internal: 500, .unavailable: 503, .dataLoss: 500,
            .unauthenticated: 401,
        ]
        #expect(expected.count == 17)
        for code in RPCStatusCode.allCases { #expect(expected[code] == code.httpStatus, "\(code.name)") }
    }

    @Test func `the runtime never invents the codes of applications`() {
        let invented: [FramingError] = [
            .messageTooLarge(limit: 1), .ratioExceeded(limit: 1), .flagUnknown(2), .compressionUndeclared,
            .compressionBroken, .truncated,
        ]
        let reserved: [RPCStatusCode] = [
            .invalidArgument, .notFound, .alreadyExists, .failedPrecondition, .aborted, .outOfRange, .dataLoss,
        ]
        for error in invented { #expect(!reserved.contains(error.status.code)) }
        for code in 0..<600 { #expect(!reserved.contains(RPCStatusCode(httpStatus: code))) }
        for code in UInt32(0)..<20 {
            #expect(!reserved.contains(RPCStatusCode(streamReset: HTTP2ErrorCode(rawValue: code))))
        }
    }
}
