internal import COpenSSL

/// What a server shows to clients that ask for one name (RFC 6066 section 3), while others are shown its usual certificate.
@safe package final class TLSNamedSlot: Sendable {
    private let name: String
    private let slot: TLSServerSlot

    package init(name: String, slot: TLSServerSlot) {
        self.name = name
        self.slot = slot
    }

    /// In the middle of a handshake: goes over to the slot's context where its name was asked for.
    func choose(for connection: OpaquePointer) -> CInt {
        guard let asked = unsafe SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name),
            unsafe String(cString: asked) == name
        else { return SSL_TLSEXT_ERR_NOACK }
        // OpenSSL counts a reference of it for the connection.
        unsafe SSL_set_SSL_CTX(connection, slot.current.raw)
        return SSL_TLSEXT_ERR_OK
    }
}
