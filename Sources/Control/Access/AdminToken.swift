internal import SluiceAPI
internal import Store
internal import Transport
internal import Units

/// The first token of all: an admin's, in the file `admin.token` of control's data folder. Whoever can write that folder
/// owns control; removing the file and starting control again makes a new one.
enum AdminToken {
    /// The text of the token; made, and kept, where the file is not there.
    static func ensure(in folder: String, _ store: any ControlStore, now: Int64) async throws -> String {
        let path = "\(folder)/admin.token"
        if let kept = try SecretFile.read(path) { return String(kept.filter { !$0.isWhitespace }) }
        var generator = SystemRandomNumberGenerator()
        let made = APITokenText(using: &generator)
        guard let id = APITokenID("admin") else { preconditionFailure("admin is an id") }
        do {
            try await store.deleteAPIToken(id)
        } catch {
            guard error.code == .notFound else { throw error }
        }
        try await store.createAPIToken(
            APITokenRecord(id: id, role: .admin, digest: AccessDigest.of(made.secret), createdAt: now),
            now: now
        )
        try SecretFile.write(made.text + "\n", to: path)
        return made.text
    }
}
