internal import OriginClient
internal import Units

extension UserError {
    /// What a user is told when the origin cannot give the file.
    init(_ error: OriginError, url: String) {
        switch error.code {
        case .notFound: self.init(.notFound, "the origin does not have \(url)", hint: "Check the path.")
        case .forbidden: self.init(.permissionDenied, "the origin does not let us read \(url)")
        case .refusedAddress:
            self.init(
                .permissionDenied,
                "\(url) leads to an address that the origin's registration does not allow",
                hint: "Register the origin with --allow-private-addresses if that is meant."
            )
        case .rangeUnsupported: self.init(.failedPrecondition, "the origin does not serve ranges of \(url)")
        default: self.init(.unavailable, "the origin could not be asked for \(url): \(error)")
        }
    }
}
