import Store
import Testing
import Units

/// Records to store.
enum Samples {
    static func id<Resource>(_ text: String) -> ResourceID<Resource> {
        guard let id = ResourceID<Resource>(text) else { preconditionFailure("a sample id is malformed") }
        return id
    }
    static func blobID(_ byte: UInt8) -> BlobID {
        guard let id = BlobID(bytes: Array(repeating: byte, count: 32)) else { preconditionFailure("32 bytes") }
        return id
    }
    static let origin = OriginRecord(id: id("origin"), payload: [1, 2], createdAt: 5)

    static func blob(_ byte: UInt8 = 1) -> BlobRecord {
        BlobRecord(
            id: blobID(byte),
            url: "http://origin/file",
            size: .gibibytes(3),
            etag: "\"e\"",
            pieceLength: 1 << 20,
            origin: origin.id,
            createdAt: 7
        )
    }
    static func distribution(_ name: String, request: String = "", at time: Int64 = 10) -> DistributionRecord {
        DistributionRecord(
            id: id(name),
            requestID: request,
            blob: blobID(1),
            origin: origin.id,
            order: [9, 9],
            createdAt: time
        )
    }
    static func task(_ name: String, of distribution: String, node: String = "n1") -> TaskRecord {
        TaskRecord(
            id: id(name),
            distribution: id(distribution),
            blob: blobID(1),
            node: id(node),
            kind: .agent,
            payload: [4]
        )
    }
    static func usage(_ sequence: UInt64, bytes: UInt64, node: String = "n1") -> UsageEntry {
        UsageEntry(
            origin: origin.id,
            node: id(node),
            distribution: id("d1"),
            reason: .relayPull,
            sequence: sequence,
            bytes: ByteCount(rawValue: bytes)
        )
    }
}
