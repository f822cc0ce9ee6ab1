/// Why a case failed.
struct InteropFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
