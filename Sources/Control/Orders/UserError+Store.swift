internal import Store
internal import Units

extension UserError {
    /// What a user is told when the store does not do what it was asked; nothing of it is stored.
    init(_ error: StoreError) {
        let hint = "Nothing was changed."
        switch error.code {
        case .notFound: self.init(.notFound, error.message)
        case .alreadyExists: self.init(.alreadyExists, error.message)
        case .conflict: self.init(.aborted, error.message, hint: "\(hint) Try again.")
        case .invalidArgument: self.init(.invalidArgument, error.message)
        case .limitReached: self.init(.resourceExhausted, error.message)
        case .diskFull: self.init(.resourceExhausted, "control's disk is full", hint: "\(hint) Make room there.")
        case .busy: self.init(.unavailable, "control's database is busy", hint: "\(hint) Try again.")
        case .corrupt: self.init(.dataLoss, "control's database is damaged", hint: "Its log says more.")
        case .inputOutput: self.init(.dataLoss, "control's disk fails", hint: "\(hint) Its log says more.")
        case .cancelled: self.init(.cancelled, error.message)
        default: self.init(.internal, "control's database failed", hint: "Its log says more.")
        }
    }
}
