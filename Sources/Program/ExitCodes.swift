package import ArgumentParser
internal import Glibc
internal import RPC
package import Units

/// Maps errors to exit codes and to one clear sentence on standard error.
package enum ExitCodes {
    package static func code(for code: UserError.Code) -> Int32 {
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

    package static func done() -> Never { Glibc.exit(0) }

    /// Says what went wrong, and ends the process with the code for it.
    package static func exit(for error: any Error, of command: any ParsableCommand.Type) -> Never {
        switch error {
        case let error as UserError: stop(error)
        case let error as RPCError: stop(UserError(error))
        // What argument-parser has to say of flags, help and versions.
        case _ where command.exitCode(for: error) != .failure: command.exit(withError: error)
        default: stop(UserError(.internal, "\(error)"))
        }
    }

    /// Says what is wrong with the command line itself, and ends the process with EX_USAGE.
    package static func misuse(_ error: UserError) -> Never {
        Terminal.complain(error.description)
        Glibc.exit(64)
    }

    private static func stop(_ error: UserError) -> Never {
        Terminal.complain(error.description)
        Glibc.exit(code(for: error.code))
    }
}
