package import Units

/// A registered origin as control keeps it.
package struct OriginRecord: Hashable, Sendable {
    /// The origin's id.
    package var id: OriginID
    /// What control knows of it, encoded by control.
    package var payload: [UInt8]
    /// When it was registered, milliseconds since 1970.
    package var createdAt: Int64

    package init(
        id: OriginID,
        payload: [UInt8],
        createdAt: Int64
    ) {
        self.id = id
        self.payload = payload
        self.createdAt = createdAt
    }
}
