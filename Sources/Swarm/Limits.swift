/// What strangers can make a swarm hold at most.
package enum Limits {
    /// Connections of one blob, unless configured.
    package static let connectionsPerBlob = 512
    /// Inbound connections that have not said their handshake yet.
    package static let pendingHandshakes = 1_024
    /// Seconds from connecting to the peer's handshake.
    package static let handshakeSeconds: Int64 = 10
    /// Seconds that a handshake may come before its blob: who is told of a new blob first dials the others at once.
    package static let earlyHandshakeSeconds: Int64 = 2
    /// Seconds without a byte before a connection ends (BEP 3: keep-alives come every two minutes).
    package static let silentSeconds: Int64 = 180
    /// Seconds between keep-alives.
    package static let keepAliveSeconds: Int64 = 90
    /// Reads from disk that one connection may have under way.
    package static let readsUnderWay = 16
    /// Bytes that wait in a channel before writing pauses: a tenth of a second of the connection's rate, within bounds.
    /// Blocks that wait there hold up every HAVE behind them.
    package static let smallestWaterBytes = 32 << 10
    package static let largestWaterBytes = 1 << 20
    /// Bytes that may wait unsent in the kernel.
    package static let unsentBytes = 64 << 10
    /// Milliseconds between looks at whom to advise.
    package static let adviceMilliseconds: Int64 = 250
    /// Milliseconds that a HAVE or another small message may wait for company.
    package static let smallMessageMilliseconds: Int64 = 30
    /// Up to so many peers, what is new is not gathered: those with nothing left to get from us hear of it at once.
    package static let fewPeers = 8
    /// Milliseconds between looks at which pieces nobody has vouched for.
    package static let proofMilliseconds: Int64 = 200
    /// Grants remembered of one connection.
    package static let grantsPerConnection = 64
    /// Batches that answer one request.
    package static let batchesPerAnswer = 256
    /// Events kept while nobody reads them yet.
    package static let unreadEvents = 1_024
    /// Batches remembered per blob: one a piece at most, and pieces are limited.
    package static let rememberedBatches = 65_536
    /// Dials under way, up to which peers that announce themselves are dialled.
    package static let callsBack = 32
    /// Bytes of answers to one peer that it has not read. A peer that asks on and on and does not read is ended.
    package static let unreadAnswerBytes = 1 << 20
    /// Peers of one blob that are shut out, the oldest forgotten first.
    package static let bannedPeers = 4_096
    /// Metadata pieces and hash requests answered a second on one connection.
    package static let answersPerSecond = 512
}
