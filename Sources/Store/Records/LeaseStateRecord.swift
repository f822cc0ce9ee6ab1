package import Units

/// What a restarted control must count as given: written before anything above it is granted.
package struct LeaseStateRecord: Hashable, Sendable {
    /// The origin.
    package var origin: OriginID
    /// The control epoch that wrote it; an older one never overwrites a newer.
    package var epoch: Epoch
    /// The reserve, encoded by control.
    package var reserve: [UInt8]

    package init(
        origin: OriginID,
        epoch: Epoch,
        reserve: [UInt8]
    ) {
        self.origin = origin
        self.epoch = epoch
        self.reserve = reserve
    }
}
