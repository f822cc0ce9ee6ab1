internal import Glibc
internal import NIOCore

/// How long the other end of a TCP connection may be gone without a word, such as a machine without power or behind a
/// firewall that has forgotten the connection, until the kernel ends it. A process that stands still is not found out: its
/// kernel answers.
package struct TCPLiveness: Hashable, Sendable {
    /// How long what we sent may go without an acknowledgement (TCP_USER_TIMEOUT). Linux counts the time in which the peer's
    /// window is shut too, so it has to be longer than we bear with a peer that does not read; at least a second.
    package var acknowledgement = Duration.seconds(90)
    /// After how much silence the peer is asked for an answer (TCP_KEEPIDLE), in whole seconds.
    package var silence = Duration.seconds(60)
    /// How far apart it is asked again (TCP_KEEPINTVL), in whole seconds. With `acknowledgement` set it is given up once that
    /// has passed in silence.
    package var interval = Duration.seconds(10)
    /// How often it is asked, where `acknowledgement` does not end it before (TCP_KEEPCNT).
    package var probes = 3

    /// For anybody: 90 seconds.
    package init() {}

    /// For a connection whose peer always reads, and is missed soon: 30 seconds.
    package static var prompt: TCPLiveness {
        var liveness = TCPLiveness()
        liveness.acknowledgement = .seconds(30)
        liveness.silence = .seconds(20)
        liveness.interval = .seconds(5)
        return liveness
    }

    /// For those who bear with a peer that takes nothing for as long as `stall`.
    package init(stall: Duration) {
        acknowledgement = max(acknowledgement, stall + .seconds(30))
    }

    /// The socket options, and their values.
    var options: [(option: ChannelOptions.Types.SocketOption, value: Int)] {
        [
            (.init(level: .socket, name: .so_keepalive), 1),
            (Self.tcp(TCP_KEEPIDLE), Int(silence.components.seconds)),
            (Self.tcp(TCP_KEEPINTVL), Int(interval.components.seconds)),
            (Self.tcp(TCP_KEEPCNT), probes),
            (Self.tcp(TCP_USER_TIMEOUT), Int(acknowledgement / .milliseconds(1))),
        ]
    }

    private static func tcp(_ name: CInt) -> ChannelOptions.Types.SocketOption {
        ChannelOptions.Types.SocketOption(level: .tcp, name: NIOBSDSocket.Option(rawValue: name))
    }
}
