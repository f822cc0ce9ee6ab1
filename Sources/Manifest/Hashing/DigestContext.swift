internal import COpenSSL

/// One reusable hash computation; sole owner of its `EVP_MD_CTX`.
@safe struct DigestContext: ~Copyable {
    private let raw: OpaquePointer
    private let algorithm: DigestAlgorithm

    /// Ready for `update`.
    init(_ algorithm: DigestAlgorithm) {
        guard let raw = unsafe EVP_MD_CTX_new() else { preconditionFailure("out of memory for a hash context") }
        unsafe self.raw = unsafe raw
        self.algorithm = algorithm
        restart()
    }

    deinit { unsafe EVP_MD_CTX_free(raw) }

    mutating func restart() {
        let result = unsafe EVP_DigestInit_ex(raw, algorithm.raw, nil)
        precondition(result == 1, "a hash did not start")
    }

    mutating func update(_ bytes: RawSpan) {
        let result = unsafe bytes.withUnsafeBytes { unsafe EVP_DigestUpdate(raw, $0.baseAddress, $0.count) }
        precondition(result == 1, "a hash did not take bytes")
    }

    /// Appends the digest to `output` and is ready for the next computation.
    mutating func finish(appendingTo output: inout [UInt8]) {
        let start = output.count
        output.append(contentsOf: repeatElement(0, count: algorithm.byteCount))
        finish(into: &output, at: start)
    }

    /// Writes the digest over `output` from `position` on and is ready for the next computation.
    mutating func finish(into output: inout [UInt8], at position: Int) {
        precondition(position + algorithm.byteCount <= output.count, "no room for a digest")
        let result = unsafe output.withUnsafeMutableBytes { buffer in
            unsafe EVP_DigestFinal_ex(
                raw,
                buffer.baseAddress?.advanced(by: position).assumingMemoryBound(to: UInt8.self),
                nil
            )
        }
        precondition(result == 1, "a hash did not end")
        restart()
    }
}
