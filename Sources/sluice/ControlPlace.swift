import Foundation
import HTTP
import NIOCore
import NIOPosix
import Program
import RPC
import SluiceAPI
import Transport
import Units

/// A control server as a user's command reaches it: from flags, the environment, and the context, in this order.
struct ControlPlace: Sendable {
    let server: HostPort
    /// The certificates of its authorities in PEM, one or several; nil for plaintext.
    let authority: String?
    let token: String?

    /// Puts together what flags and environment say with the context. Without a context it is 127.0.0.1:7447.
    static func find(
        server: HostPort? = nil,
        context: String? = nil,
        plaintext: PlaintextConsent = .none
    ) throws -> ControlPlace {
        let environment = ProcessInfo.processInfo.environment
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let kept = try ContextFile.path.flatMap { path in
            try ContextFile.read(path).context(context ?? value("SLUICE_CONTEXT"))
        }
        let text = value("SLUICE_SERVER") ?? kept?.server ?? "127.0.0.1:7447"
        let place = try server ?? parsed(text)
        let asked: PlaintextConsent =
            value("SLUICE_INSECURE_PLAINTEXT") == "1" ? .anywhere : value("SLUICE_PLAINTEXT") == "1" ? .loopback : .none
        let consent = plaintext == .none ? asked : plaintext
        guard consent == .none else {
            try consent.check(place)
            // A token is never sent in the clear.
            return ControlPlace(server: place, authority: nil, token: nil)
        }
        let authority = try value("SLUICE_CA").map { path in
            String(decoding: try FileContent.read(path, atMost: .mebibytes(1)), as: UTF8.self)
        }
        let found = ControlPlace(
            server: place,
            authority: authority ?? kept?.certificateAuthority,
            token: value("SLUICE_TOKEN") ?? kept?.token
        )
        guard found.authority != nil || kept != nil else {
            throw UserError(
                .failedPrecondition,
                "no context says how to trust \(place)",
                hint:
                    "Start control on this machine, use `sluice context set`, or --plaintext where control has no TLS."
            )
        }
        if found.authority == nil {
            guard place.isLoopback else {
                throw UserError(
                    .failedPrecondition,
                    "the context has no authority to know \(place) by, and plaintext can be read and changed on its way",
                    hint: "Give it one with `sluice context set NAME --ca FILE`, or allow it with --insecure-plaintext."
                )
            }
            return ControlPlace(server: place, authority: nil, token: nil)
        }
        return found
    }

    static func parsed(_ text: String) throws -> HostPort {
        guard let place = HostPort(argument: text) else {
            throw UserError(.invalidArgument, "\(text) is not HOST:PORT")
        }
        return place
    }

    /// Connects, or says that control cannot be reached.
    func connect() async throws -> RPCClient {
        var metadata = RPCMetadata()
        if let token {
            do {
                try metadata.add("authorization", "Bearer \(token)")
            } catch {
                throw UserError(.invalidArgument, "the token is not one")
            }
        }
        do {
            let tls = try authority.map { pem in
                try TLSClientContext(
                    trust: .authorities(CertificateBundle(pem: pem)),
                    requiredURI: NodeCertificateName.control
                )
            }
            let http = try await HTTPClient.connect(
                host: server.host,
                port: server.port,
                tls: tls,
                group: MultiThreadedEventLoopGroup.singleton
            )
            return RPCClient(
                http: http,
                scheme: tls == nil ? "http" : "https",
                authority: "\(server)",
                metadata: metadata
            )
        } catch let error as TransportError {
            throw UserError(.invalidArgument, "the authorities' certificates cannot be used: \(error)")
        } catch {
            throw UserError(
                .unavailable,
                "control at \(server) cannot be reached",
                hint: "Start it with `sluice control`, or name another with --server."
            )
        }
    }

    /// A join token for one agent or relay that starts now; for a node of that name only where `node` is given.
    func joinToken(for role: NodeRole, node: NodeID? = nil) async throws -> String {
        var request = CreateJoinTokenRequest()
        var wanted = JoinToken()
        wanted.role = role
        wanted.node = node?.text ?? ""
        request.joinToken = wanted
        request.lifetime = ProtoDuration(.seconds(600))
        let client = try await connect()
        let token = try await JoinTokenServiceClient(client).createJoinToken(request).token
        await client.close()
        return token
    }
}
