internal import NIOCore
internal import OriginClient
internal import Units

/// One connection to an origin together with the permit it is used under. Bytes are asked for only after the lease has
/// given them, so that the origin's limit holds by the origin's own count.
struct PermittedOrigin: Sendable {
    let permit: OriginPermit
    let connection: OriginConnection
    let url: String
    let validators: OriginValidators

    init(permit: OriginPermit, connection: OriginConnection, url: String, validators: OriginValidators) {
        self.permit = permit
        self.connection = connection
        self.url = url
        self.validators = validators
        permit.whenRevoked { Task { await connection.close() } }
    }

    /// Hands over the bytes of a range in order; ends early, without an error, once the permit is revoked. `asking` hears of
    /// each request that the lease has bytes for.
    func read(
        _ range: ByteRange,
        asking: () -> Void = {},
        _ take: (ByteBuffer) async throws -> Void
    ) async throws {
        var at = range.start
        while at < range.end {
            guard let granted = await permit.bytes(upTo: ByteCount(rawValue: range.end - at)) else { return }
            asking()
            let part = ByteRange(start: at, count: granted)
            for try await bytes in connection.fetch(url, range: part, ifMatch: validators) {
                permit.used(bytes.readableBytes)
                try await take(bytes)
            }
            at = part.end
        }
    }

    /// Closes the socket, then gives the slot back.
    func close() async {
        await connection.close()
        permit.release()
    }
}
