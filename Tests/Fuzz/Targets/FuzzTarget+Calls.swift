import BitTorrent
import HTTP
import NIOCore
import RPC

extension FuzzTarget {
    static let calls: [FuzzTarget] = [
        FuzzTarget("grpc-frames", seeds: { frameSeeds }, check: grpcFrames),
        FuzzTarget("gzip", seeds: { [gzipped("hello hello hello hello")] }, check: gzip),
        FuzzTarget("json", seeds: { bytes(#"{"a":[1,-2.5e3,"\u00e4\ud83d\ude00",true,null],"b":{}}"#) }, check: json),
        FuzzTarget("call-head", seeds: { headSeeds }, check: callHead),
        FuzzTarget("percent", maximumBytes: 256, seeds: { bytes("/a%20b%2F%zz%", "%E2%82%AC") }, check: percent),
        FuzzTarget(
            "host",
            maximumBytes: 256,
            seeds: { bytes("127.0.0.1:80", "[::1]:7447", "Control.Example.:1") },
            check: host
        ),
    ]

    /// What is answered is an address or one of our names; what loopback answers, every address does.
    private static func host(_ input: [UInt8]) {
        let authority = text(input)
        let names = ["control.example"]
        guard AllowedHosts(addresses: .all, names: names).allows(authority) else {
            precondition(!AllowedHosts(addresses: .loopback, names: names).allows(authority), "loopback answers more")
            return
        }
        let isAddress = authority.utf8.allSatisfy { "0123456789abcdefABCDEF:.[]%".utf8.contains($0) }
        let lowered = authority.lowercased()
        precondition(
            isAddress || lowered.contains("localhost") || lowered.hasPrefix("control.example"),
            "a foreign name"
        )
    }

    /// Small, so that limits are met.
    private static var limits: RPCLimits {
        var limits = RPCLimits()
        limits.maximumReceivedMessageBytes = 1 << 16
        limits.decompressionAllowance = 1 << 12
        return limits
    }

    private static func gzipped(_ text: String) -> [UInt8] {
        Array(GzipDeflater.compress(ByteBuffer(string: text)).readableBytesView)
    }

    private static var frameSeeds: [[UInt8]] {
        let packed = gzipped("hello hello hello hello")
        return [
            [3, 0, 0, 0, 0, 2, 1, 2, 0, 0, 0, 0, 0],
            [5 | 0x80, 1, 0, 0, 0, UInt8(packed.count)] + packed,
        ]
    }

    /// The first byte: the encoding in its high bit, the size of each arrival in the others.
    private static func grpcFrames(_ input: [UInt8]) {
        guard let first = input.first else { return }
        var deframer = MessageDeframer(encoding: first & 0x80 == 0 ? .identity : .gzip, limits: limits)
        let step = max(1, Int(first & 0x7F))
        for start in stride(from: 1, to: input.count, by: step) {
            deframer.bytesArrived(ByteBuffer(bytes: input[start..<min(start + step, input.count)]))
            do {
                while let message = try deframer.nextMessage() {
                    precondition(message.readableBytes <= limits.maximumReceivedMessageBytes, "over the limit")
                }
            } catch {
                precondition((try? deframer.nextMessage()) == nil, "a broken stream went on")
                return
            }
        }
        try? deframer.endArrived()
    }

    private static func gzip(_ input: [UInt8]) {
        if let output = try? GzipInflater.decompress(ByteBuffer(bytes: input), limits: limits) {
            precondition(output.readableBytes <= limits.maximumReceivedMessageBytes, "over the limit")
        }
        let packed = GzipDeflater.compress(ByteBuffer(bytes: input))
        guard input.count < 1 << 12 else { return }
        let unpacked = try? GzipInflater.decompress(packed, limits: limits)
        precondition(unpacked == ByteBuffer(bytes: input), "what was compressed does not come back")
    }

    private static func json(_ input: [UInt8]) {
        guard let value = try? JSONParser.parse(input) else { return }
        precondition((try? JSONParser.parse(value.text)) == value, "JSON does not come back")
        precondition((try? JSONParser.parse(value.prettyText)) == value, "indented JSON does not come back")
    }

    private static var headSeeds: [[UInt8]] {
        bytes(
            "content-type: application/grpc+proto\nte: trailers\ngrpc-timeout: 5S\ngrpc-encoding: gzip\nx-bin: AAEC,/w\nx: y",
            "content-type: application/grpc\nte: trailers\ngrpc-accept-encoding: identity, gzip\ngrpc-status: 3\ngrpc-message: a%20b"
        )
    }

    private static func fields(_ input: [UInt8]) -> HTTPFields {
        var fields = HTTPFields()
        for line in text(input).split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard let name = parts.first else { continue }
            fields.append(String(name), parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
        }
        return fields
    }

    private static func callHead(_ input: [UInt8]) {
        let fields = fields(input)
        let head = HTTPRequestHead(method: "POST", scheme: "http", authority: "a", path: "/s/m", fields: fields)
        if case .call(let call) = RPCRequestHead.admit(head, limits: RPCLimits()), let timeout = call.timeout {
            precondition(timeout <= RPCLimits().longestTimeout, "an endless timeout")
        }
        for kind in RPCKind.allCases {
            var call = ClientCallState(kind: kind, compresses: false, limits: limits)
            _ = call.headArrived(HTTPResponseHead(status: 200, fields: fields))
            _ = call.responseEnded(trailers: fields)
            precondition(call.isEnded, "a call outlives its stream")
            _ = call.messageWanted()
        }
        if let timeout = RPCTimeout.parse(text(input)) {
            precondition(RPCTimeout.parse(RPCTimeout.format(timeout)) != nil, "a timeout does not come back")
        }
    }

    private static func percent(_ input: [UInt8]) {
        let decoded = RPC.PercentEncoding.decode(text(input))
        precondition(RPC.PercentEncoding.decode(RPC.PercentEncoding.encode(decoded)) == decoded, "does not come back")
        let escaped = BitTorrent.PercentEncoding.encode(input)
        precondition(BitTorrent.PercentEncoding.decode(Array(escaped.utf8)) == input, "bytes do not come back")
        _ = BitTorrent.PercentEncoding.decode(input)
        if let bytes = Base64.decode(text(input)) {
            precondition(Base64.decode(Base64.encode(bytes)) == bytes, "base64 does not come back")
        }
    }
}
