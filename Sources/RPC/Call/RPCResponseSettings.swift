internal import Synchronization

/// What a handler has said about its response besides messages, and what it may ask of its requests. Shared by a context and the call it belongs to.
final class RPCResponseSettings: Sendable {
    struct Values: Sendable {
        var initialMetadata = RPCMetadata()
        var trailers = RPCMetadata()
        var compresses = false
        var lastRequestWasCompressed = false
        var request: (any RPCMessage)?
        var response: (any RPCMessage)?
        var releaseHead: (@Sendable () async throws -> Void)?
    }
    private let guarded = Mutex(Values())

    var values: Values { guarded.withLock { $0 } }

    func update(_ change: (inout Values) -> Void) {
        guarded.withLock { change(&$0) }
    }
}
