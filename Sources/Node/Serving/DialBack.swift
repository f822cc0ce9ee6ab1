internal import HTTP
internal import NIOCore
internal import NIOPosix
internal import Synchronization
internal import Transport

/// Dials whoever asks, at the address the question came from and at no other, to tell it whether it is reached from outside.
final class DialBack: Sendable {
    /// Dials under way at most.
    private static let maximumDials = 64
    private static let timeout = Duration.seconds(2)

    private let underWay = Atomic(0)

    /// Nil where too many ask, or the question is not one.
    func reaches(_ remote: SocketAddress?, port: String) async -> Bool? {
        guard let host = remote?.ipAddress, let port = UInt16(port), port >= 1024 else { return nil }
        guard underWay.add(1, ordering: .relaxed).newValue <= Self.maximumDials else {
            underWay.subtract(1, ordering: .relaxed)
            return nil
        }
        defer { underWay.subtract(1, ordering: .relaxed) }
        do {
            let dialled = try await Dialer.connect(
                host: host,
                port: Int(port),
                timeout: Self.timeout,
                group: MultiThreadedEventLoopGroup.singleton
            ) { _ in }
            try? await dialled.channel.close()
            return true
        } catch {
            return false
        }
    }
}
