/// What a connection on the one port speaks (DESIGN.md section 10).
package enum DetectedProtocol: Hashable, Sendable { case tls, http2, http1, bitTorrent }
