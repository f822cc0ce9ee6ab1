import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import Transport

/// A listener whose connections speak TLS, on a real socket.
@Suite(.timeLimit(.minutes(1))) struct TLSListenerTests {
    private final class Greeted: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let done: AsyncStream<Bool>.Continuation
        init(_ done: AsyncStream<Bool>.Continuation) { self.done = done }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) { done.yield(true) }
        func channelInactive(context: ChannelHandlerContext) {
            done.yield(false)
            done.finish()
        }
    }

    private let group = MultiThreadedEventLoopGroup.singleton

    private func now() -> Int64 { Int64(Date().timeIntervalSince1970) }

    private func context(_ authority: CertificateAuthority, uri: String) throws -> TLSServerContext {
        let key = try PrivateKey()
        var profile = CertificateProfile(commonName: "test", lifetime: 3600)
        profile.addresses = ["127.0.0.1"]
        profile.uris = [uri]
        profile.isServer = true
        let certificate = try authority.issue(profile, for: CertificateRequest(key: key), now: now())
        let identity = TLSIdentity(certificate: certificate, key: key)
        return try TLSServerContext(
            identity: identity,
            authorities: CertificateBundle(authority.certificate),
            asksClients: true
        )
    }

    /// A listener that greets whoever speaks HTTP to it.
    private func listen(_ slot: TLSServerSlot, deadline: Duration = .seconds(10)) async throws -> Listener {
        var configuration = ListenerConfiguration(host: "127.0.0.1", port: 0)
        configuration.tlsSlot = slot
        configuration.requiresTLS = true
        configuration.handshakes.deadline = deadline
        let greet: @Sendable (any Channel) -> EventLoopFuture<Void> = { channel in
            channel.writeAndFlush(ByteBuffer(string: "hello"), promise: nil)
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        return try await Listener.bind(
            configuration,
            group: group,
            handlers: ListenerHandlers(http2: greet, http1: greet)
        )
    }

    /// Whether a client is greeted.
    private func isGreeted(_ listener: Listener, tls: TLSClientContext?, sending text: String?) async throws -> Bool {
        let (done, announce) = AsyncStream.makeStream(of: Bool.self)
        let port = try #require(listener.localAddress.port)
        let channel = try await Dialer.connect(host: "127.0.0.1", port: port, tls: tls, alpn: ["h2"], group: group) {
            try $0.pipeline.syncOperations.addHandler(Greeted(announce))
        }.channel
        if let text { channel.writeAndFlush(ByteBuffer(string: text), promise: nil) }
        var outcomes = done.makeAsyncIterator()
        let isGreeted = await outcomes.next() ?? false
        try? await channel.close()
        return isGreeted
    }

    @Test func `a handshake that stalls ends at its deadline`() async throws {
        let authority = try CertificateAuthority.make(commonName: "Test CA", now: now())
        let slot = TLSServerSlot(try context(authority, uri: "sluice://control"))
        let listener = try await listen(slot, deadline: .milliseconds(200))
        let begin = ContinuousClock.now
        // The head of a record of 512 bytes, and a few of these.
        #expect(try await !isGreeted(listener, tls: nil, sending: "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}"))
        #expect(ContinuousClock.now - begin >= .milliseconds(150))
        await listener.close()
    }

    @Test func `what is not TLS is shut out where TLS is required`() async throws {
        let authority = try CertificateAuthority.make(commonName: "Test CA", now: now())
        let listener = try await listen(TLSServerSlot(try context(authority, uri: "sluice://control")))
        for text in ["GET / HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
            #expect(try await !isGreeted(listener, tls: nil, sending: text), "\(text)")
        }
        let client = try TLSClientContext(trust: .authority(authority.certificate))
        #expect(try await isGreeted(listener, tls: client, sending: nil))
        await listener.close()
    }

    @Test func `new connections see a certificate that was replaced, and the name it must have`() async throws {
        let authority = try CertificateAuthority.make(commonName: "Test CA", now: now())
        let slot = TLSServerSlot(try context(authority, uri: "sluice://first"))
        let listener = try await listen(slot)
        let trust = TLSTrust.authority(authority.certificate)
        let (first, second) = (
            try TLSClientContext(trust: trust, requiredURI: "sluice://first"),
            try TLSClientContext(trust: trust, requiredURI: "sluice://second")
        )
        #expect(try await isGreeted(listener, tls: first, sending: nil))
        #expect(try await !isGreeted(listener, tls: second, sending: nil))
        slot.replace(try context(authority, uri: "sluice://second"))
        #expect(try await !isGreeted(listener, tls: first, sending: nil))
        #expect(try await isGreeted(listener, tls: second, sending: nil))
        await listener.close()
    }

    @Test func `who asks for the name of a slot is shown its certificate, others the usual one`() async throws {
        let (fleet, users) = (
            try CertificateAuthority.make(commonName: "Fleet CA", now: now()),
            try CertificateAuthority.make(commonName: "Users' CA", now: now())
        )
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let key = try PrivateKey()
        var profile = CertificateProfile(commonName: "public", lifetime: 3600)
        profile.addresses = ["127.0.0.1"]
        profile.isServer = true
        let certificate = try users.issue(profile, for: CertificateRequest(key: key), now: now())
        for (name, text) in [("server.crt", try certificate.pem), ("server.key", try key.pem)] {
            try text.write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
        }
        let slot = TLSServerSlot(try context(fleet, uri: "sluice://node/a"))
        let tls = try TLSServerContext(
            certificateFile: folder.appendingPathComponent("server.crt").path,
            keyFile: folder.appendingPathComponent("server.key").path,
            named: TLSNamedSlot(name: "node.test", slot: slot)
        )
        let listener = try await listen(TLSServerSlot(tls))
        func node(_ uri: String, of authority: CertificateAuthority) throws -> TLSClientContext {
            let trust = TLSTrust.authority(authority.certificate)
            return try TLSClientContext(trust: trust, requiredURI: uri, serverName: "node.test")
        }
        let user = try TLSClientContext(trust: .authority(users.certificate))
        #expect(try await isGreeted(listener, tls: user, sending: nil))
        #expect(try await isGreeted(listener, tls: node("sluice://node/a", of: fleet), sending: nil))
        #expect(try await !isGreeted(listener, tls: node("sluice://node/b", of: fleet), sending: nil))
        #expect(try await !isGreeted(listener, tls: node("sluice://node/a", of: users), sending: nil))
        // A certificate that is renewed is shown from then on.
        slot.replace(try context(fleet, uri: "sluice://node/b"))
        #expect(try await isGreeted(listener, tls: node("sluice://node/b", of: fleet), sending: nil))
        await listener.close()
    }
}
