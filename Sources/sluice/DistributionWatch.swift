import Program
import RPC
import SluiceAPI
import Units

/// Follows one distribution to its end and shows it.
enum DistributionWatch {
    /// Returns once it is complete; throws what it failed of.
    static func follow(_ name: String, with client: DistributionServiceClient, showProgress: Bool) async throws {
        var display = ProgressDisplay(interactive: Terminal.isInteractive, width: Terminal.width)
        var request = WatchDistributionRequest()
        request.name = name
        var last: Distribution?
        for try await answer in try await client.watchDistribution(request) {
            guard let distribution = answer.distribution else { continue }
            if showProgress {
                let text = display.text(for: distribution)
                if !text.isEmpty { Terminal.write(text) }
            }
            last = distribution
        }
        guard let last, ProgressDisplay.hasEnded(last.state) else {
            throw UserError(.unavailable, "control ended the watch before \(name) did")
        }
        if last.state == .cancelled { throw UserError(.cancelled, "\(name) was cancelled") }
        guard last.state == .completed else {
            var reasons = last.targets.filter { $0.state == .failed }.prefix(3).map { "\($0.node): \($0.message)" }
            if reasons.isEmpty { reasons = [last.failure] }
            throw UserError(.internal, "\(name) failed: \(reasons.joined(separator: "; "))")
        }
    }
}
