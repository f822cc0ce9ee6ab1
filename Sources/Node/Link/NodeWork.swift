internal import Manifest
internal import SluiceAPI

/// What a node does with what control sends it; a relay and an agent each have their own.
protocol NodeWork: Sendable {
    /// A stream is up, and this is control's key.
    func controlKnown(_ key: VerifyingKey) async
    func apply(_ change: TaskFeed.Change) async
    /// Control would give these pieces to another relay.
    func released(_ wanted: PieceRelease) async
}
