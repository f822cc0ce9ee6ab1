internal import HTTP
internal import Manifest
internal import NIOCore
internal import PieceCache
internal import Units

/// GET and HEAD of a blob's content: whole or one range (RFC 9110 section 14), out of the growing cache. A range that
/// is not there yet is a wait, not an error.
struct ContentRequest {
    /// How long a reader waits for a piece that is still on its way.
    static let waitLimit = Duration.seconds(60)

    let blob: ActiveBlob
    let request: HTTPServerRequest

    func answer() async throws {
        let head = request.head
        let size = blob.geometry.size
        var fields = HTTPFields()
        fields.append("content-type", "application/octet-stream")
        fields.append("accept-ranges", "bytes")
        fields.append("etag", blob.entityTag)
        if !blob.lastModified.isEmpty { fields.append("last-modified", blob.lastModified) }
        let asked = ByteRangeHeader.resolve(
            range: head.fields["range"],
            ifRange: head.fields["if-range"],
            entityTag: blob.entityTag,
            lastModified: blob.lastModified,
            size: size
        )
        let range: ByteRange
        let status: Int
        switch asked {
        case .whole:
            range = ByteRange(start: 0, count: size)
            status = 200
        case .part(let part):
            range = part
            status = 206
            fields.append("content-range", "bytes \(part.start)-\(part.end - 1)/\(size.rawValue)")
        case .unsatisfiable:
            fields.append("content-range", "bytes */\(size.rawValue)")
            fields.append("content-length", "0")
            try await request.respond(HTTPResponseHead(status: 416, fields: fields), endStream: true)
            return
        }
        fields.append("content-length", "\(range.count.rawValue)")
        let bodyless = head.method == "HEAD" || range.isEmpty
        try await request.respond(HTTPResponseHead(status: status, fields: fields), endStream: bodyless)
        guard !bodyless else { return }
        for try await bytes in blob.cache.reader(range, waitLimit: Self.waitLimit) {
            blob.countServed(bytes.readableBytes)
            try await request.write(bytes)
        }
        try await request.finish(trailers: nil)
    }
}
