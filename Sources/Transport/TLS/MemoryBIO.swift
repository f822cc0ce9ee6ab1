internal import COpenSSL

/// A BIO in memory: what OpenSSL reads PEM from and writes it to.
@safe final class MemoryBIO {
    let raw: OpaquePointer

    /// Holds the text to be read; empty to be written to.
    init(_ text: String = "") throws(TransportError) {
        ERR_clear_error()
        guard let raw = unsafe BIO_new(BIO_s_mem()) else { throw TLSFailure.error("OpenSSL has no memory to give") }
        unsafe self.raw = unsafe raw
        let bytes = Array(text.utf8)
        if !bytes.isEmpty { unsafe _ = BIO_write(raw, bytes, CInt(clamping: bytes.count)) }
    }

    deinit { unsafe BIO_free(raw) }

    /// Takes out what was written.
    var text: String {
        let pending = unsafe BIO_ctrl_pending(raw)
        guard pending > 0 else { return "" }
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: pending) { room, count in
            unsafe count = Int(max(0, BIO_read(raw, room.baseAddress, CInt(clamping: pending))))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
