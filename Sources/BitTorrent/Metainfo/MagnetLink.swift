package import Units

/// A magnet link (BEP 9, BEP 52): v1 as `urn:btih:`, v2 as `urn:btmh:` with a SHA-256 multihash.
package struct MagnetLink: Hashable, Sendable {
    package let v1InfoHash: InfoHash?
    /// All 32 bytes.
    package let v2InfoHashBytes: [UInt8]?
    package let name: String?
    package let size: ByteCount?
    package let trackers: [String]
    package let webSeeds: [String]

    package init(
        v1InfoHash: InfoHash?,
        v2InfoHashBytes: [UInt8]? = nil,
        name: String? = nil,
        size: ByteCount? = nil,
        trackers: [String] = [],
        webSeeds: [String] = []
    ) {
        self.v1InfoHash = v1InfoHash
        self.v2InfoHashBytes = v2InfoHashBytes
        self.name = name
        self.size = size
        self.trackers = trackers
        self.webSeeds = webSeeds
    }

    /// The link.
    package var text: String {
        var parts: [String] = []
        if let v1InfoHash { parts.append("xt=urn:btih:\(v1InfoHash.hex)") }
        if let v2InfoHashBytes { parts.append("xt=urn:btmh:1220\(Hexadecimal.encode(v2InfoHashBytes))") }
        if let name { parts.append("dn=\(PercentEncoding.encode(Array(name.utf8)))") }
        if let size { parts.append("xl=\(size.rawValue)") }
        parts += trackers.map { "tr=\(PercentEncoding.encode(Array($0.utf8)))" }
        parts += webSeeds.map { "ws=\(PercentEncoding.encode(Array($0.utf8)))" }
        return "magnet:?" + parts.joined(separator: "&")
    }

    /// Reads a link; hexadecimal hashes only.
    package init(parsing text: String) throws(MetainfoError) {
        guard text.utf8.count <= Limits.maximumMagnetBytes, text.lowercased().hasPrefix("magnet:?") else {
            throw MetainfoError("this is not a magnet link")
        }
        var v1: InfoHash?
        var v2: [UInt8]?
        var name: String?
        var size: ByteCount?
        var trackers: [String] = []
        var webSeeds: [String] = []
        for part in text.dropFirst(8).split(separator: "&") {
            guard let equals = part.firstIndex(of: "=") else { continue }
            let raw = Array(part[part.index(after: equals)...].utf8)
            guard let value = PercentEncoding.decode(raw).map({ String(decoding: $0, as: UTF8.self) }) else { continue }
            switch part[..<equals] {
            case "xt" where value.hasPrefix("urn:btih:"): v1 = InfoHash(hex: String(value.dropFirst(9)))
            case "xt" where value.hasPrefix("urn:btmh:1220"):
                let bytes = Hexadecimal.decode(String(value.dropFirst(13)))
                v2 = bytes?.count == 32 ? bytes : nil
            case "dn": name = value
            case "xl": size = UInt64(value).map { ByteCount(rawValue: $0) }
            case "tr": trackers.append(value)
            case "ws": webSeeds.append(value)
            default: continue
            }
        }
        guard v1 != nil || v2 != nil else { throw MetainfoError("the magnet link names no torrent") }
        self.init(
            v1InfoHash: v1,
            v2InfoHashBytes: v2,
            name: name,
            size: size,
            trackers: trackers,
            webSeeds: webSeeds
        )
    }
}
