internal import Synchronization

/// The context for new connections of a listener: replaced when its certificate is renewed.
package final class TLSServerSlot: Sendable {
    private let context: Mutex<TLSServerContext>

    package init(_ context: TLSServerContext) { self.context = Mutex(context) }

    package var current: TLSServerContext { context.withLock { $0 } }

    /// Connections that are open stay as they are.
    package func replace(_ new: TLSServerContext) { context.withLock { $0 = new } }
}
