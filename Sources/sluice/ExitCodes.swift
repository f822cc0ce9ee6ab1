import ArgumentParser
import Foundation
import RPC
import Units

/// Maps errors to exit codes and to one clear sentence on standard error.
enum ExitCodes {
    static func code(for code: UserError.Code) -> Int32 {
        switch code {
        case .invalidArgument: 2
        case .notFound: 3
        case .failedPrecondition, .alreadyExists, .aborted: 4
        case .permissionDenied, .unauthenticated: 5
        case .unavailable, .deadlineExceeded: 6
        case .resourceExhausted: 7
        case .cancelled: 130
        case .dataLoss, .unimplemented, .internal: 1
        }
    }

    /// Runs a command and ends the process with what came of it.
    static func exit(running body: () async throws -> Void) async -> Never {
        do {
            try await body()
            Foundation.exit(0)
        } catch let error as UserError {
            Terminal.complain(error.description)
            Foundation.exit(code(for: error.code))
        } catch let error as RPCError {
            let told = UserError(error)
            Terminal.complain(told.description)
            Foundation.exit(code(for: told.code))
        } catch {
            if error is ValidationError || error is ExitCode || error is CleanExit { Sluice.exit(withError: error) }
            Terminal.complain("\(error)")
            Foundation.exit(1)
        }
    }
}
