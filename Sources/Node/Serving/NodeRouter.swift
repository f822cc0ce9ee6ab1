internal import BitTorrent
internal import HTTP
internal import Logging
internal import Manifest
internal import NIOCore
internal import PieceCache
internal import RPC
internal import Swarm
internal import Units

/// What a node answers over HTTP: its blobs, their hash batches, torrents, and the tracker.
///
///     GET  /blobs                    what is here, as JSON
///     GET  /blobs/ID/NAME            the content; HEAD and ranges too
///     GET  /blobs/ID/batches?from=P  signed hash batches from piece P on, each behind its length in four bytes
///     GET  /torrents/INFOHASH        the finished .torrent
///     GET  /announce                 the tracker (BEP 3, BEP 23)
///     GET  /reachability?port=P      yes or no: whether the one who asks is reached at that port
struct NodeRouter: HTTPRequestHandler {
    let catalog: BlobCatalog
    let tracker: TrackerEndpoint
    let plainHTTP: PlainHTTPRule
    let logger: Logger
    let dialBack = DialBack()

    func handle(_ request: HTTPServerRequest) async {
        do {
            try await route(request)
        } catch {
            logger.debug("a request ended early", metadata: ["path": "\(request.head.path)", "error": "\(error)"])
            request.reset(.internalError)
        }
    }

    private func route(_ request: HTTPServerRequest) async throws {
        guard request.head.method == "GET" || request.head.method == "HEAD" else {
            return try await refuse(request, 405, "only GET and HEAD are served here")
        }
        let (path, query) = Self.split(request.head.path)
        if !request.isSecure,
            let why = plainHTTP.refusal(path: path, authority: request.head.authority, from: request.remoteAddress)
        {
            return try await refuse(request, 403, why)
        }
        let parts = path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        switch (parts.first, parts.count) {
        case ("blobs", 1): try await listBlobs(request)
        case ("blobs", 3):
            guard let id = BlobID(hex: parts[1]), let blob = catalog.blob(id) else {
                return try await refuse(request, 404, "no such blob")
            }
            if parts[2] == "batches" {
                try await sendBatches(of: blob, query, request)
            } else {
                try await ContentRequest(blob: blob, request: request).answer()
            }
        case ("torrents", 2): try await sendTorrent(parts[1], request)
        case ("announce", 1): try await announce(query, request)
        case ("reachability", 1):
            let port = query.hasPrefix("port=") ? String(query.dropFirst(5)) : ""
            guard let isReached = await dialBack.reaches(request.remoteAddress, port: port) else {
                return try await refuse(request, 503, "nobody can be dialled now")
            }
            try await send(request, "text/plain", ByteBuffer(string: isReached ? "yes\n" : "no\n"))
        default: try await refuse(request, 404, "nothing is served here")
        }
    }

    private func listBlobs(_ request: HTTPServerRequest) async throws {
        let blobs = catalog.all.map { blob in
            JSONValue.members([
                ("id", .string(blob.id.hex)),
                ("liveId", .string(blob.liveID.hex)),
                ("path", .string(blob.path)),
                ("size", .string("\(blob.geometry.size.rawValue)")),
                ("pieces", .integer(Int64(blob.geometry.pieceCount.rawValue))),
                ("available", .integer(Int64(blob.cache.available.count.rawValue))),
            ])
        }
        let text = JSONValue.members([("blobs", .array(blobs))]).text
        try await send(request, "application/json", ByteBuffer(string: text))
    }

    private func sendBatches(of blob: ActiveBlob, _ query: String, _ request: HTTPServerRequest) async throws {
        let from = query.split(separator: "&").first { $0.hasPrefix("from=") }.flatMap { UInt32($0.dropFirst(5)) } ?? 0
        var body = ByteBuffer()
        for batch in blob.batches(from: PieceIndex(rawValue: from)) {
            body.writeInteger(UInt32(batch.count))
            body.writeBytes(batch)
        }
        try await send(request, "application/octet-stream", body)
    }

    private func sendTorrent(_ name: String, _ request: HTTPServerRequest) async throws {
        let hash = name.hasSuffix(".torrent") ? String(name.dropLast(8)) : name
        guard let torrent = catalog.all.lazy.compactMap({ $0.torrent(named: hash) }).first else {
            return try await refuse(request, 404, "no finished torrent of that info-hash")
        }
        try await send(request, "application/x-bittorrent", ByteBuffer(bytes: torrent))
    }

    private func announce(_ query: String, _ request: HTTPServerRequest) async throws {
        let (body, announce) = tracker.answer(query: query, from: request.remoteAddress)
        try await send(request, "text/plain", ByteBuffer(bytes: body))
        if let announce { callBack(announce, from: request.remoteAddress) }
    }

    /// Who lacks pieces of a finished torrent is dialled. Nodes of the fleet come by themselves.
    private func callBack(_ announce: AnnounceRequest, from address: SocketAddress?) {
        guard announce.left > .zero, announce.event != .stopped, !announce.peerID.isOfFleet,
            let blob = catalog.all.first(where: { $0.finalInfoHashes.contains(announce.infoHash) }),
            var address
        else { return }
        address.port = Int(announce.port)
        blob.swarm.callBack(announce.peerID, at: address, under: announce.infoHash)
    }

    private func send(_ request: HTTPServerRequest, _ type: String, _ body: ByteBuffer) async throws {
        var fields = HTTPFields()
        fields.append("content-type", type)
        fields.append("content-length", "\(body.readableBytes)")
        let bodyless = request.head.method == "HEAD" || body.readableBytes == 0
        try await request.respond(HTTPResponseHead(status: 200, fields: fields), endStream: bodyless)
        guard !bodyless else { return }
        try await request.write(body)
        try await request.finish(trailers: nil)
    }

    private func refuse(_ request: HTTPServerRequest, _ status: Int, _ why: String) async throws {
        let body = ByteBuffer(string: why + "\n")
        var fields = HTTPFields()
        fields.append("content-type", "text/plain")
        fields.append("content-length", "\(body.readableBytes)")
        let bodyless = request.head.method == "HEAD"
        try await request.respond(HTTPResponseHead(status: status, fields: fields), endStream: bodyless)
        guard !bodyless else { return }
        try await request.write(body)
        try await request.finish(trailers: nil)
    }

    /// The path and the query of a request target.
    static func split(_ target: String) -> (path: String, query: String) {
        guard let mark = target.firstIndex(of: "?") else { return (target, "") }
        return (String(target[..<mark]), String(target[target.index(after: mark)...]))
    }
}
