internal import Glibc
internal import Synchronization

/// Commands for the curl thread, and the pipe that wakes it.
final class CommandQueue: Sendable {
    private struct State {
        var commands: [OriginCommand] = []
        var hasEnded = false
    }
    private let state = Mutex(State())
    /// The thread polls this end; it is readable while there are commands.
    let wakeDescriptor: CInt
    private let writeDescriptor: CInt

    init() throws(OriginError) {
        var ends: [CInt] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw OriginError(.transport, "no file descriptor is left") }
        wakeDescriptor = ends[0]
        writeDescriptor = ends[1]
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
    }

    deinit {
        _ = Glibc.close(wakeDescriptor)
        _ = Glibc.close(writeDescriptor)
    }

    /// False once the thread has ended; then nothing will come of the command.
    func submit(_ command: OriginCommand) -> Bool {
        let (isTaken, wasEmpty) = state.withLock { state -> (Bool, Bool) in
            guard !state.hasEnded else { return (false, false) }
            state.commands.append(command)
            return (true, state.commands.count == 1)
        }
        if wasEmpty {
            var byte: UInt8 = 1
            _ = unsafe write(writeDescriptor, &byte, 1)  // a full pipe wakes as well
        }
        return isTaken
    }

    /// All commands, in order.
    func drain() -> [OriginCommand] {
        var bytes = [UInt8](repeating: 0, count: 64)
        while unsafe read(wakeDescriptor, &bytes, bytes.count) == bytes.count {}
        return state.withLock { state in
            defer { state.commands = [] }
            return state.commands
        }
    }

    /// Takes no more commands; returns those that nobody has seen.
    func end() -> [OriginCommand] {
        state.withLock { state in
            state.hasEnded = true
            defer { state.commands = [] }
            return state.commands
        }
    }
}
