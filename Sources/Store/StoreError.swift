/// Why the store did not do what it was asked. Nothing of the failed call is stored.
package struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds; more may come.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        package let description: String
        private init(_ description: String) { self.description = description }
        /// No such record.
        package static let notFound = Code("notFound")
        /// A record with this id is there already.
        package static let alreadyExists = Code("alreadyExists")
        /// The change contradicts what is stored: an older epoch, a reference that is gone or still used.
        package static let conflict = Code("conflict")
        /// A page token or a value the store cannot take.
        package static let invalidArgument = Code("invalidArgument")
        /// There are as many as there may be (`Limits`).
        package static let limitReached = Code("limitReached")
        /// No space left; writes work again once there is some.
        package static let diskFull = Code("diskFull")
        /// Another process held the database for too long; may be repeated.
        package static let busy = Code("busy")
        /// The database or a row in it is damaged, or is not one of ours.
        package static let corrupt = Code("corrupt")
        /// Reading or writing the disk failed.
        package static let inputOutput = Code("inputOutput")
        /// The caller's task was cancelled.
        package static let cancelled = Code("cancelled")
        /// Anything else: a defect.
        package static let internalFailure = Code("internalFailure")
    }
    /// What to act on.
    package let code: Code
    /// One sentence without values of rows.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
    package var description: String { "\(code): \(message)" }
}
