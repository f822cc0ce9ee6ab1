internal import Download
internal import Manifest
internal import Synchronization
internal import Transport
internal import Units

/// The pieces that a relay has to pull now, handed out in order to as many connections as bring it more. What has to be
/// pulled changes as grants change and as peers offer pieces.
final class PullQueue: Sendable {
    private struct State {
        /// In falling order, so that the next one is the last.
        var missing: [PieceIndex] = []
        var underWay: Set<PieceIndex> = []
        /// Left to another relay.
        var withdrawn: Set<PieceIndex> = []
        var revision = 0
        var isStopped = false
        var connections = PullConnections(maximum: PullQueue.maximumConnections)
        var waiting: [(connection: Int, turn: CheckedContinuation<Void, Never>)] = []

        func mustWait(_ connection: Int) -> Bool {
            !isStopped && (missing.isEmpty || connection >= connections.allowed)
        }
    }

    /// Connections of one pull at most; the lease may give fewer.
    static let maximumConnections = 4

    private let state = Mutex(State())

    /// Names what is to be pulled by grants so far: a list that was begun under an older one is void.
    var revision: Int { state.withLock { $0.revision } }

    /// What has to be pulled from now on; pieces that are under way stay so. Nothing changes where the list is of an older
    /// `revision`: pieces that belong to another relay by now would be pulled twice.
    func replace(with wanted: [PieceIndex], asOf revision: Int) {
        wake { state in
            guard revision == state.revision else { return }
            state.missing = wanted.filter { !state.underWay.contains($0) && !state.withdrawn.contains($0) }
                .sorted(by: >)
        }
    }

    /// Of these pieces, the ones that are not under way; none of them is handed out from now on.
    func withdraw(_ pieces: [PieceIndex]) -> [PieceIndex] {
        state.withLock { state in
            let free = pieces.filter { !state.underWay.contains($0) }
            state.withdrawn.formUnion(free)
            state.missing.removeAll { state.withdrawn.contains($0) }
            return free
        }
    }

    /// There is a new grant, or the old one is as good as new: what was withdrawn may be wanted again.
    func granted() {
        state.withLock { state in
            state.withdrawn = []
            state.revision += 1
        }
    }

    /// The next run of neighbouring pieces for a connection, `count` at most, without those that have come meanwhile; nil
    /// where there is nothing for it to pull now.
    func next(over connection: Int, atMost count: Int, without available: PieceSet) -> [PieceIndex]? {
        state.withLock { state in
            while let last = state.missing.last, available.contains(last) { state.missing.removeLast() }
            guard !state.isStopped, connection < state.connections.allowed else { return nil }
            guard let first = state.missing.popLast() else {
                state.connections.ranDry(at: BootClock.now())
                return nil
            }
            var run = [first]
            while run.count < count, let last = run.last, state.missing.last == PieceIndex(last.rawValue + 1),
                !available.contains(PieceIndex(last.rawValue + 1))
            {
                state.missing.removeLast()
                run.append(PieceIndex(last.rawValue + 1))
            }
            state.underWay.formUnion(run)
            return run
        }
    }

    /// A run is over; the pieces that could not be pulled come back.
    func done(_ run: [PieceIndex], returning rest: some Sequence<PieceIndex>) {
        wake { state in
            state.underWay.subtract(run)
            state.missing = (state.missing + rest).sorted(by: >)
        }
    }

    /// How many pieces of such a length one connection should ask for at once.
    func run(pieceLength: UInt32) -> Int { state.withLock { $0.connections.run(pieceLength: pieceLength) } }

    /// A range is asked of the origin.
    func asked() { state.withLock { $0.connections.asked(at: BootClock.now()) } }

    /// Bytes came over a connection.
    func received(_ bytes: Int, over connection: Int) {
        wake { $0.connections.received(bytes, over: connection, at: BootClock.now()) }
    }

    /// Called a few times a second.
    func tick() { wake { $0.connections.tick(at: BootClock.now()) } }

    /// Waits until there is something to pull for a connection; false once the pull has stopped.
    func awaitWork(over connection: Int) async -> Bool {
        while true {
            let goesOn: Bool? = state.withLock { $0.mustWait(connection) ? nil : !$0.isStopped }
            if let goesOn { return goesOn }
            await withCheckedContinuation { turn in
                let mustWait = state.withLock { state in
                    let mustWait = state.mustWait(connection)
                    if mustWait { state.waiting.append((connection, turn)) }
                    return mustWait
                }
                if !mustWait { turn.resume() }
            }
        }
    }

    /// Nothing more is handed out.
    func stop() { wake { $0.isStopped = true } }

    private func wake(_ change: (inout State) -> Void) {
        let turns: [CheckedContinuation<Void, Never>] = state.withLock { state in
            change(&state)
            let waiting = state.waiting
            // Asked for all bytes that come.
            guard waiting.contains(where: { !state.mustWait($0.connection) }) else { return [] }
            state.waiting = waiting.filter { state.mustWait($0.connection) }
            return waiting.filter { !state.mustWait($0.connection) }.map(\.turn)
        }
        for turn in turns { turn.resume() }
    }
}
