internal import SluiceAPI
internal import Units

extension ProtoDuration {
    /// Whether it is a duration as protobuf has it, and within these ends.
    func isBetween(_ least: Duration, _ most: Duration) -> Bool { isValid && duration >= least && duration <= most }
}
