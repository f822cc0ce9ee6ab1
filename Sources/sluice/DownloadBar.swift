import Program
import Synchronization
import Units

/// Draws how far one download is, over the same line again, a few times a second.
final class DownloadBar: Sendable {
    private static let interval = Duration.milliseconds(250)

    private struct State {
        var began: ContinuousClock.Instant?
        /// Bytes that were there before.
        var before: UInt64 = 0
        var drawn: ContinuousClock.Instant?
        var redrawn = RedrawnLine()
    }

    private let name: String
    private let state = Mutex(State())

    init(name: String) { self.name = PrintableText.escaped(name) }

    func show(_ done: ByteCount, of size: ByteCount) {
        let now = ContinuousClock.now
        state.withLock { state in
            guard let began = state.began else {
                state.began = now
                state.before = done.rawValue
                return
            }
            let isOver = done >= size
            guard isOver || state.drawn.map({ now - $0 >= Self.interval }) ?? true else { return }
            state.drawn = now
            let seconds = max(0.001, (now - began) / .seconds(1))
            let rate = Double(done.rawValue - state.before) / seconds
            let line = line(done, size, rate: rate, isOver: isOver)
            Terminal.write(state.redrawn.text(line, width: Terminal.width, isLast: isOver))
        }
    }

    private func line(_ done: ByteCount, _ size: ByteCount, rate: Double, isOver: Bool) -> String {
        let share = size.rawValue == 0 ? 1 : Double(done.rawValue) / Double(size.rawValue)
        var parts = ["\(name) [\(ProgressDisplay.bar(share))] \(Int(share * 100))%", "\(done) of \(size)"]
        parts.append("\(BytesPerSecond(rawValue: UInt64(rate)))")
        if !isOver, rate >= 1 { parts.append("ETA \(Int(Double(size.rawValue - done.rawValue) / rate)) s") }
        return parts.joined(separator: "  ")
    }
}
