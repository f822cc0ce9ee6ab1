internal import Scheduling

/// How a node talks to control.
package enum ControlTransport: Hashable, Sendable {
    /// By a stream, and by polls where the network lets none stand.
    case automatic
    /// By a stream alone.
    case stream
    /// By polls alone.
    case poll

    var only: TransportChoice.Transport? {
        switch self {
        case .automatic: nil
        case .stream: .stream
        case .poll: .poll
        }
    }
}
