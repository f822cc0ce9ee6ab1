import SluiceAPI
import Units

/// Draws a distribution's progress: a bar, totals by source, rate, ETA and failures. One line that is drawn over where
/// a person watches, a line per change of a tenth elsewhere.
struct ProgressDisplay {
    private let interactive: Bool
    private let width: Int?
    private var redrawn = RedrawnLine()
    private var lastTenth = -1

    /// A line that is drawn over has to fit `width` characters.
    init(interactive: Bool, width: Int?) {
        self.interactive = interactive
        self.width = width
    }

    /// The text to write for this state; empty where there is nothing new to say.
    mutating func text(for distribution: Distribution) -> String {
        let progress = distribution.progress ?? Progress()
        let whole = distribution.size * UInt64(progress.targetCount)
        let share = whole == 0 ? 0 : min(1, Double(progress.verifiedBytes) / Double(whole))
        let ended = Self.hasEnded(distribution.state)
        let line = Self.line(distribution, progress, share)
        if interactive { return redrawn.text(line, width: width, isLast: ended) }
        let tenth = ended ? 11 : Int(share * 10)
        guard tenth > lastTenth else { return "" }
        lastTenth = tenth
        return line + "\n"
    }

    static func hasEnded(_ state: DistributionState) -> Bool {
        state == .completed || state == .failed || state == .cancelled
    }

    /// A part of a whole, 0 to 1.
    static func bar(_ share: Double) -> String {
        let filled = Int(min(1, max(0, share)) * 24)
        return String(repeating: "#", count: filled) + String(repeating: ".", count: 24 - filled)
    }

    private static func line(_ distribution: Distribution, _ progress: Progress, _ share: Double) -> String {
        let sources = progress.sources ?? SourceBytes()
        var parts = [
            "\(PrintableText.escaped(distribution.fileName)) [\(bar(share))] \(Int(share * 100))%",
            "\(progress.completedCount)/\(progress.targetCount) done",
        ]
        if progress.failedCount > 0 { parts.append("\(progress.failedCount) failed") }
        if !hasEnded(distribution.state) {
            parts.append("\(BytesPerSecond(progress.bytesPerSecond))")
            if progress.etaSeconds > 0 { parts.append("ETA \(progress.etaSeconds) s") }
        }
        // A narrow terminal cuts these off.
        parts += [
            "agents \(ByteCount(sources.agentPeers))",
            "relays \(ByteCount(sources.relayPeers))",
            "relay HTTP \(ByteCount(sources.relayHttp))",
            "origin \(ByteCount(sources.origin))",
        ]
        return parts.joined(separator: "  ")
    }
}
