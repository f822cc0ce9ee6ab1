internal import ArgumentParser
internal import Node

/// How a node talks to control, as flags give it.
package enum ControlTransportArgument: String, CaseIterable, ExpressibleByArgument, Sendable {
    case automatic = "auto"
    case stream
    case poll

    var transport: ControlTransport {
        switch self {
        case .automatic: .automatic
        case .stream: .stream
        case .poll: .poll
        }
    }
}
