internal import HTTP
internal import NIOCore

/// The body of a request that is one message, read whole, within its limits.
struct WebBody: Sendable {
    let request: HTTPServerRequest
    let limits: RPCLimits
    let deadline: Duration

    /// Whether the request has a body at all.
    static func isExpected(_ head: HTTPRequestHead, isHTTP2: Bool) -> Bool {
        if let length = head.fields["content-length"] { return length != "0" }
        return isHTTP2 || head.fields["transfer-encoding"] != nil
    }

    /// The bytes, decompressed where `content-encoding` says so.
    func read() async throws(CallWireError) -> ByteBuffer {
        let result = await withTaskGroup(of: Result<ByteBuffer, CallWireError>?.self) { group in
            group.addTask {
                do throws(CallWireError) { return .success(try await self.collect()) } catch { return .failure(error) }
            }
            group.addTask {
                do { try await Task.sleep(for: self.deadline) } catch { return nil }
                return .failure(.refused(RPCError(.deadlineExceeded, "the body took too long to arrive")))
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? .failure(.cancelled)
        }
        let bytes = try result.get()
        guard request.head.fields["content-encoding"]?.lowercased() == "gzip" else { return bytes }
        do throws(FramingError) {
            return try GzipInflater.decompress(bytes, limits: limits)
        } catch {
            throw .refused(RPCError(error.status))
        }
    }

    private func collect() async throws(CallWireError) -> ByteBuffer {
        var whole = ByteBuffer()
        while let bytes = try await request.receive() {
            guard whole.readableBytes + bytes.readableBytes <= limits.maximumReceivedMessageBytes else {
                let limit = limits.maximumReceivedMessageBytes
                throw .refused(RPCError(.resourceExhausted, "message larger than the limit of \(limit) bytes"))
            }
            whole.writeImmutableBuffer(bytes)
        }
        return whole
    }
}
