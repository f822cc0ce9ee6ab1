internal import BitTorrent
internal import HTTP
internal import Manifest
internal import NIOCore
internal import NIOPosix
internal import SluiceAPI
internal import Transport
internal import Units

/// An agent's HTTP/2 connection to one relay: ranges, hash batches and the tracker. Opened when it is first needed,
/// and again after it broke.
actor RelayConnection {
    /// Bytes of an answer with batches at most.
    private static let batchLimit = 32 << 20

    private let host: String
    private let port: Int
    private let relay: NodeID?
    /// What proves the relay; nil where this node's links are in plaintext.
    private let credentials: NodeCredentials?
    private var client: HTTPClient?
    /// What whoever needs a connection waits for while there is none.
    private var connecting: Task<HTTPClient, any Error>?
    private var isClosed = false

    /// How long a relay may take to answer. One that is well says its head at once, whatever of the blob is there.
    private static let answerPatience = Duration.seconds(10)
    /// A relay bears with a piece that is still on its way, and so do we; it says itself when it has given up.
    private static let contentPatience = HTTPPatience(
        head: answerPatience,
        body: ContentRequest.waitLimit + answerPatience
    )

    /// Nil where the endpoint has no address.
    init?(to endpoint: Endpoint, credentials: NodeCredentials?) {
        guard let (host, port) = endpoint.hostAndPort else { return nil }
        self.host = host
        self.port = port
        self.relay = NodeID(endpoint.node)
        self.credentials = credentials
    }

    private func connection() async throws -> HTTPClient {
        if let client, client.isActive { return client }
        if let connecting { return try await connecting.value }
        guard !isClosed else { throw HTTPError(.connectionClosed, "this node has done with the relay") }
        let (host, port, tls) = (host, port, try tls())
        let task = Task {
            try await HTTPClient.connect(
                host: host,
                port: port,
                tls: tls,
                timeout: .seconds(5),
                group: MultiThreadedEventLoopGroup.singleton
            )
        }
        connecting = task
        defer { connecting = nil }
        let made = try await task.value
        guard !isClosed else {
            await made.close()
            throw HTTPError(.connectionClosed, "this node has done with the relay")
        }
        client = made
        return made
    }

    private func tls() throws -> TLSClientContext? {
        guard let credentials else { return nil }
        guard let relay else { throw HTTPError(.connect, "\(host):\(port) is no relay that control has named") }
        return try credentials.client(to: relay)
    }

    /// A stream that is let go of, by a task that is cancelled too, is broken off.
    private func get(_ path: String, range: ByteRange? = nil) async throws -> HTTPClientStream {
        var fields = HTTPFields()
        if let range { fields.append("range", "bytes=\(range.start)-\(range.end - 1)") }
        let head = HTTPRequestHead(
            method: "GET",
            scheme: credentials == nil ? "http" : "https",
            authority: "\(host):\(port)",
            path: path,
            fields: fields
        )
        let patience =
            range == nil ? HTTPPatience(head: Self.answerPatience, body: Self.answerPatience) : Self.contentPatience
        let stream = try await connection().request(head, endStream: true, patience: patience)
        let status = try await stream.response().status
        guard status == (range == nil ? 200 : 206) else {
            stream.reset(.cancel)
            throw HTTPError(.protocolViolation, "the relay answered \(status)")
        }
        return stream
    }

    /// The bytes of a range as they come; the body's own errors are thrown.
    func fetch(_ blob: BlobID, _ range: ByteRange) async throws -> HTTPClientStream {
        try await get("/blobs/\(blob.hex)/content", range: range)
    }

    /// The signed batches from a piece on, in canonical form.
    func batches(of blob: BlobID, from piece: PieceIndex) async throws -> [[UInt8]] {
        var body = try await whole(get("/blobs/\(blob.hex)/batches?from=\(piece.rawValue)"), atMost: Self.batchLimit)
        var batches: [[UInt8]] = []
        while let length = body.readInteger(as: UInt32.self), let bytes = body.readBytes(length: Int(length)) {
            batches.append(bytes)
        }
        return batches
    }

    /// Announces to the relay's tracker; the answer is the peers it knows.
    func announce(_ request: AnnounceRequest) async throws -> [PeerAddress] {
        let body = try await whole(get("/announce?\(request.query)"), atMost: 1 << 20)
        var announce = TrackerAnnounce(tracker: "\(host):\(port)", at: BootClock.now())
        return try announce.answered(Array(body.readableBytesView), at: BootClock.now())
    }

    /// Whether the relay reaches this node at `port`, from outside.
    func dialsBack(to port: Int) async throws -> Bool {
        try await whole(get("/reachability?port=\(port)"), atMost: 16).readableBytesView.first == UInt8(ascii: "y")
    }

    private func whole(_ stream: HTTPClientStream, atMost limit: Int) async throws -> ByteBuffer {
        var whole = ByteBuffer()
        for try await var part in stream.body {
            guard whole.readableBytes + part.readableBytes <= limit else {
                stream.reset(.cancel)
                throw HTTPError(.protocolViolation, "the relay's answer is too large")
            }
            whole.writeBuffer(&part)
        }
        return whole
    }

    func close() async {
        isClosed = true
        // One that is on its way is closed by whoever asked for it.
        await client?.close()
        client = nil
    }
}
