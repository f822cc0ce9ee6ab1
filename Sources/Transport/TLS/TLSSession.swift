internal import COpenSSL
internal import NIOCore

/// One TLS connection on memory BIOs: encrypted bytes in and out on one side, plain ones on the other. Owned by one
/// event loop.
@safe final class TLSSession {
    private let raw: OpaquePointer
    private var incoming: OpaquePointer
    private var outgoing: OpaquePointer
    /// OpenSSL calls back into what this owns for as long as the connection lives.
    private let owner: any AnyObject & Sendable
    private let requiredURI: String?
    private(set) var isEstablished = false
    private var isShrunk = false

    private init(
        _ context: OpaquePointer,
        owner: any AnyObject & Sendable,
        requiredURI: String? = nil
    ) throws(TransportError) {
        guard let raw = unsafe SSL_new(context), let bios = unsafe Self.makeBIOs() else {
            throw TLSFailure.error("OpenSSL has no connection to give")
        }
        self.owner = owner
        self.requiredURI = requiredURI
        unsafe self.raw = unsafe raw
        (unsafe incoming, unsafe outgoing) = unsafe bios
        // The connection owns its BIOs from here on.
        unsafe SSL_set_bio(raw, bios.incoming, bios.outgoing)
    }

    convenience init(server context: TLSServerContext) throws(TransportError) {
        try unsafe self.init(context.raw, owner: context)
        unsafe SSL_set_accept_state(raw)
    }

    convenience init(client context: TLSClientContext, serverName: String, alpn: [String]) throws(TransportError) {
        try unsafe self.init(context.raw, owner: context, requiredURI: context.requiredURI)
        unsafe SSL_set_connect_state(raw)
        if let name = context.serverName {
            unsafe COpenSSL_SSL_set_tlsext_host_name(raw, name)
        } else {
            try verifyHost(serverName)
        }
        let protocols = alpn.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        if !protocols.isEmpty { unsafe SSL_set_alpn_protos(raw, protocols, UInt32(protocols.count)) }
    }

    /// The certificate has to be for this host's name or address.
    private func verifyHost(_ serverName: String) throws(TransportError) {
        let isAddress = serverName.contains(":") || serverName.allSatisfy { $0 == "." || $0.isNumber }
        if isAddress {
            let parameters = unsafe SSL_get0_param(raw)
            guard unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, serverName) == 1 else {
                throw TransportError(.tls, "\(serverName) is not an address")
            }
        } else {
            unsafe COpenSSL_SSL_set_tlsext_host_name(raw, serverName)
            guard unsafe SSL_set1_host(raw, serverName) == 1 else {
                throw TransportError(.tls, "\(serverName) is not a name")
            }
        }
    }

    deinit { unsafe SSL_free(raw) }

    /// Bytes from the socket.
    func feed(_ bytes: ByteBuffer) {
        unsafe bytes.withUnsafeReadableBytes { buffer in
            unsafe _ = BIO_write(incoming, buffer.baseAddress, CInt(buffer.count))
        }
    }

    /// Goes on with the handshake; true once it is done.
    func handshake() throws(TransportError) -> Bool {
        guard !isEstablished else { return true }
        ERR_clear_error()
        let result = unsafe SSL_do_handshake(raw)
        if result == 1 {
            if let requiredURI, peerCertificate?.uris.contains(requiredURI) != true {
                throw TransportError(.tls, "the server's certificate is not for \(requiredURI)")
            }
            isEstablished = true
            return true
        }
        let reason = unsafe SSL_get_error(raw, result)
        guard reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE else {
            let verdict = unsafe SSL_get_verify_result(raw)
            guard verdict == X509_V_OK else {
                let words = unsafe String(cString: X509_verify_cert_error_string(verdict))
                throw TLSFailure.error("the TLS handshake failed (\(words))")
            }
            throw TLSFailure.error("the TLS handshake failed")
        }
        return false
    }

    /// The certificate that the other end has shown and proven; nil where it showed none.
    var peerCertificate: PeerCertificate? {
        guard unsafe SSL_get_verify_result(raw) == X509_V_OK, let shown = unsafe SSL_get1_peer_certificate(raw) else {
            return nil
        }
        let chain = unsafe SSL_get0_verified_chain(raw)
        let signer = unsafe COpenSSL_sk_X509_num(chain) > 1 ? COpenSSL_sk_X509_value(chain, 1) : nil
        let authority = unsafe signer.map { unsafe Certificate.fingerprint(of: $0) }
        return unsafe PeerCertificate(Certificate(adopting: shown), authority: authority ?? [])
    }

    /// The protocol that was agreed on; empty where there is none.
    var negotiatedProtocol: String {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        unsafe SSL_get0_alpn_selected(raw, &name, &length)
        guard let name = unsafe name else { return "" }
        return unsafe String(decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
    }

    /// Gives back the memory that the handshake needed, once, as soon as nothing waits in either BIO: one in memory keeps its
    /// largest size, some KiB each way, for as long as the connection lives.
    func shrink() {
        guard isEstablished, !isShrunk, unsafe BIO_ctrl_pending(incoming) == 0, unsafe BIO_ctrl_pending(outgoing) == 0,
            let bios = unsafe Self.makeBIOs()
        else { return }
        isShrunk = true
        // Frees those before.
        unsafe SSL_set_bio(raw, bios.incoming, bios.outgoing)
        (unsafe incoming, unsafe outgoing) = unsafe bios
    }

    private static func makeBIOs() -> (incoming: OpaquePointer, outgoing: OpaquePointer)? {
        guard let incoming = unsafe BIO_new(BIO_s_mem()), let outgoing = unsafe BIO_new(BIO_s_mem()) else { return nil }
        unsafe COpenSSL_BIO_set_mem_eof_return(incoming)
        unsafe COpenSSL_BIO_set_mem_eof_return(outgoing)
        return unsafe (incoming, outgoing)
    }

    /// Decrypts what is there; false when the peer has closed.
    func read(into buffer: inout ByteBuffer) throws(TransportError) -> Bool {
        while true {
            // Never less than it decrypts to: a small message, which may be kept for long, keeps no large buffer.
            let pending = unsafe Int(BIO_ctrl_pending(incoming)) + Int(SSL_pending(raw))
            guard pending > 0 else { break }
            ERR_clear_error()
            let raw = unsafe raw
            let count = unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: pending) { room in
                unsafe Int(max(0, SSL_read(raw, room.baseAddress, CInt(clamping: room.count))))
            }
            guard count == 0 else { continue }
            guard ERR_peek_error() == 0 else { throw TLSFailure.error("the TLS connection broke") }
            break
        }
        return unsafe SSL_get_shutdown(raw) & SSL_RECEIVED_SHUTDOWN == 0
    }

    /// Encrypts; the result waits in `takeOutput`.
    func write(_ bytes: ByteBuffer) throws(TransportError) {
        guard bytes.readableBytes > 0 else { return }
        ERR_clear_error()
        var rest = bytes
        while rest.readableBytes > 0 {
            let raw = unsafe raw
            let count = unsafe rest.withUnsafeReadableBytes { buffer in
                unsafe Int(SSL_write(raw, buffer.baseAddress, CInt(clamping: buffer.count)))
            }
            guard count > 0 else { throw TLSFailure.error("the TLS connection broke") }
            rest.moveReaderIndex(forwardBy: count)
        }
    }

    /// Says goodbye (RFC 8446 section 6.1).
    func close() { unsafe SSL_shutdown(raw) }

    /// Bytes for the socket.
    func takeOutput() -> ByteBuffer? {
        let pending = unsafe BIO_ctrl_pending(outgoing)
        guard pending > 0 else { return nil }
        var output = ByteBuffer()
        let bio = unsafe outgoing
        unsafe output.writeWithUnsafeMutableBytes(minimumWritableBytes: pending) { room in
            unsafe Int(max(0, BIO_read(bio, room.baseAddress, CInt(clamping: pending))))
        }
        return output
    }
}
