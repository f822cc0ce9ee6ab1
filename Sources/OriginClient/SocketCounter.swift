internal import Synchronization

/// Counts sockets to origins by libcurl's open and close callbacks.
final class SocketCounter: Sendable {
    private let openNow = Atomic<Int>(0)
    private let openedEver = Atomic<Int>(0)

    func opened() {
        openNow.add(1, ordering: .relaxed)
        openedEver.add(1, ordering: .relaxed)
    }
    func closed() { openNow.subtract(1, ordering: .relaxed) }
    var open: Int { openNow.load(ordering: .relaxed) }
    var total: Int { openedEver.load(ordering: .relaxed) }
}
