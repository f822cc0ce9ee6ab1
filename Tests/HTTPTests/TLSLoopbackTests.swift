import Foundation
import NIOCore
import NIOPosix
import Testing
import Transport

@testable import HTTP

/// HTTP/2 over TLS with a certificate made for the test.
@Suite(.timeLimit(.minutes(1))) struct TLSLoopbackTests {
    @Test func `a trusted certificate carries requests and another is refused`() async throws {
        try await withTLSServer { listener, port, certificate, group in
            let sent = ByteBuffer(repeating: 7, count: 500_000)
            let trusting = try TLSClientContext(trustedCertificatesFile: certificate)
            #expect(try await echo(sent, port: port, tls: trusting, group: group) == sent)
            let distrusting = try TLSClientContext(trustedCertificatesFile: nil)
            await #expect(throws: HTTPError.self) {
                _ = try await echo(sent, port: port, tls: distrusting, group: group)
            }
        }
    }

    @Test func `a connection that is drained while it answers ends behind its last byte`() async throws {
        try await withTLSServer { listener, port, certificate, group in
            let trusting = try TLSClientContext(trustedCertificatesFile: certificate)
            let client = try await HTTPClient.connect(host: "127.0.0.1", port: port, tls: trusting, group: group)
            let head = HTTPRequestHead(method: "GET", scheme: "https", authority: "a", path: "/larger")
            let stream = try await client.request(head, endStream: true)
            var count = try await stream.body.next()?.readableBytes ?? 0
            await listener.quiesce()
            for try await part in stream.body { count += part.readableBytes }
            #expect(count == 10 * EchoHandler.largeAnswer)
            #expect(!client.isActive)
            await client.closed()
        }
    }

    /// An echo server with a certificate of its own.
    private func withTLSServer(
        _ body: (Listener, _ port: Int, _ certificate: String, any EventLoopGroup) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (certificate, key) = try makeCertificate(in: folder)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var configuration = ListenerConfiguration(host: "127.0.0.1", port: 0)
        configuration.tls = try TLSServerContext(certificateFile: certificate, keyFile: key)
        let (_, events) = AsyncStream.makeStream(of: EchoHandler.Event.self)
        let listener = try await Listener.bind(
            configuration,
            group: group,
            handlers: ListenerHandlers(http2: {
                HTTPServer.installHTTP2(on: $0, handler: EchoHandler(events: events), isSecure: true)
            })
        )
        let port = try #require(listener.localAddress.port)
        try await body(listener, port, certificate, group)
        await listener.close()
        try await group.shutdownGracefully()
    }

    private func echo(
        _ sent: ByteBuffer,
        port: Int,
        tls: TLSClientContext,
        group: any EventLoopGroup
    ) async throws -> ByteBuffer {
        let client = try await HTTPClient.connect(host: "127.0.0.1", port: port, tls: tls, group: group)
        let head = HTTPRequestHead(method: "POST", scheme: "https", authority: "a", path: "/")
        let stream = try await client.request(head, endStream: false)
        try await stream.write(sent)
        try await stream.finish()
        var received = ByteBuffer()
        for try await part in stream.body { received.writeImmutableBuffer(part) }
        await client.close()
        return received
    }

    private func makeCertificate(in folder: URL) throws -> (certificate: String, key: String) {
        let (certificate, key) = (
            folder.appending(path: "certificate.pem").path, folder.appending(path: "key.pem").path
        )
        let openssl = Process()
        openssl.executableURL = URL(filePath: "/usr/bin/env")
        openssl.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "1",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
        ]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        try #require(openssl.terminationStatus == 0)
        return (certificate, key)
    }
}
