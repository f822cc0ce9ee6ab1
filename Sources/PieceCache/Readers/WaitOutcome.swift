/// How a wait for a missing piece ended.
enum WaitOutcome: Hashable, Sendable {
    case arrived, timedOut, cancelled, removed, refused
}
