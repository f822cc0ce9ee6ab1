internal import SluiceAPI
internal import Units

/// Finds the registered origin that a URL lies below.
enum OriginMatch {
    /// The origin whose base URL is the longest prefix of `url`, at a path border.
    static func origin(of url: String, among origins: [Origin]) -> Origin? {
        var best: (origin: Origin, length: Int)?
        for origin in origins {
            for base in origin.baseUrls where lies(url, below: base) && base.utf8.count > best?.length ?? 0 {
                best = (origin, base.utf8.count)
            }
        }
        return best?.origin
    }

    static func lies(_ url: String, below base: String) -> Bool {
        let border = base.hasSuffix("/") ? base : base + "/"
        // A dot segment could climb out of the base after a server has normalised it.
        let segments = url.split(separator: "/", omittingEmptySubsequences: false)
        guard url.hasPrefix(border), !segments.contains(".."), !segments.contains(".") else { return false }
        let lowered = url.lowercased()
        return !lowered.contains("%2e%2e") && !lowered.contains("%2f..")
    }
}
