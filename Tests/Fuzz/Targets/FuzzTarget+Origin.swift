import OriginClient

extension FuzzTarget {
    static let origin: [FuzzTarget] = [
        FuzzTarget("origin-head", seeds: { originHeads }, check: originHead),
        FuzzTarget(
            "content-range",
            maximumBytes: 128,
            seeds: { bytes("bytes 0-99/100", "bytes */5", "bytes 5-9/*") },
            check: contentRange
        ),
        FuzzTarget(
            "http-date",
            maximumBytes: 64,
            seeds: { bytes("Sun, 06 Nov 1994 08:49:37 GMT", "Thu, 29 Feb 2024 23:59:60 GMT") },
            check: httpDate
        ),
        FuzzTarget(
            "origin-url",
            maximumBytes: 512,
            seeds: { bytes("https://a.example:8443/x/../y%2e?q#f", "http://[::1]/", "//b/c", "../d") },
            check: originURL
        ),
    ]

    private static var originHeads: [[UInt8]] {
        bytes(
            "HTTP/1.1 206 Partial\nContent-Range: bytes 0-9/10\nETag: \"a\"\nContent-Length: 10",
            "HTTP/1.1 503 Busy\nRetry-After: 5\nDate: Sun, 06 Nov 1994 08:49:37 GMT",
            "HTTP/2 429\nretry-after: Sun, 06 Nov 1994 08:50:37 GMT\ndate: Sun, 06 Nov 1994 08:49:37 GMT"
        )
    }

    private static func originHead(_ input: [UInt8]) {
        var head = ResponseHead()
        for line in text(input).split(separator: "\n", omittingEmptySubsequences: false) {
            guard head.lineArrived(String(line)) else { return }
        }
        if let pause = head.retryAfter { precondition(pause >= .zero && pause <= .seconds(86_400), "an endless pause") }
        _ = head.contentRange
    }

    private static func contentRange(_ input: [UInt8]) {
        guard let range = ContentRange(text(input)) else { return }
        precondition((range.first == nil) == (range.last == nil), "half a range")
        guard let first = range.first, let last = range.last else { return }
        precondition(first <= last && range.total.map { last < $0 } ?? true, "a range beyond its total")
    }

    private static func httpDate(_ input: [UInt8]) {
        guard let seconds = HTTPDate.seconds(text(input)) else { return }
        precondition(seconds >= 0 && seconds < 253_402_300_800 + 86_400 * 4, "a date beyond the calendar")
    }

    private static func originURL(_ input: [UInt8]) {
        let location = text(input)
        guard let base = OriginURL("https://a.example/x/y") else { preconditionFailure("this is a URL") }
        for url in [OriginURL(location), base.resolving(location)].compactMap(\.self) {
            precondition(OriginURL(url.text)?.text == url.text, "a URL is not in its strict form")
            precondition(url.path.hasPrefix("/") && url.port > 0, "a URL without a path or port")
            precondition(!url.path.split(separator: "/").contains(".."), "a dot segment is left")
        }
    }
}
