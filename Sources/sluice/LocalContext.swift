import Control
import Foundation
import Logging
import Program

/// What a control server leaves for the users of its machine: `context.json` in its data folder, and, on loopback, the
/// context `local` in the file of the user who runs it.
struct LocalContext: Sendable {
    static let name = "local"

    let folder: String
    let logger: Logger

    /// Control listens; the credentials are nil for plaintext.
    func write(host: String, port: Int, credentials: ControlCredentials?) {
        let place = BoundAddress(host: host, port: port).reachable
        let context = ClientContext(
            name: Self.name,
            server: "\(place)",
            certificateAuthority: credentials?.authority,
            token: credentials?.adminToken
        )
        var own = ContextFile()
        own.put(context)
        own.currentContext = Self.name
        let path = "\(folder)/context.json"
        do {
            try own.write(to: path)
            logger.info("an admin's context is in \(path)")
            guard place.isLoopback, let users = ContextFile.path else { return }
            try ContextFile.change(users) { file in
                file.put(context)
                if file.currentContext == nil { file.currentContext = Self.name }
            }
        } catch {
            logger.notice("the context \(Self.name) could not be written", metadata: ["error": "\(error)"])
        }
    }
}
