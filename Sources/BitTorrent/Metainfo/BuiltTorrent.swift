package import Units

/// A torrent that was built out of a finished manifest.
package struct BuiltTorrent: Hashable, Sendable {
    /// The `.torrent` file.
    package let content: [UInt8]
    /// The info dictionary, as BEP 9 sends it.
    package let info: [UInt8]
    /// SHA-1 of the info dictionary (BEP 3).
    package let v1InfoHash: InfoHash
    /// The whole SHA-256 of a hybrid's info dictionary (BEP 52).
    package let v2InfoHashBytes: [UInt8]?
    /// With the hashes, the name, the length, trackers and web seeds.
    package let magnetLink: String
    /// Version 1, then the first 20 bytes of version 2.
    package var infoHashes: [InfoHash] {
        [v1InfoHash, v2InfoHashBytes.flatMap { InfoHash(bytes: $0.prefix(InfoHash.byteCount)) }].compactMap(\.self)
    }
}
