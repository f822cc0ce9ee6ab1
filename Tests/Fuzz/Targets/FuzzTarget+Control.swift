import NIOCore
import RPC
import SluiceAPI
import Transport

extension FuzzTarget {
    static let control: [FuzzTarget] = [
        FuzzTarget("certificates", maximumBytes: 4096, seeds: { certificateSeeds }, check: certificates),
        FuzzTarget("protobuf", seeds: { messageSeeds.map { [$0] + $1 } }, check: protobuf),
        FuzzTarget("json-message", seeds: { messageSeeds.map { [$0] + jsonSeed($0, $1) } }, check: jsonMessage),
    ]

    /// Every message that can come over the wire, in the order that a corpus relies on: new ones go to the end.
    private static let messages: [any RPCMessage.Type] = [
        ConnectRequest.self, ConnectResponse.self, CreateDistributionRequest.self, CreateDistributionResponse.self,
        GetDistributionRequest.self, GetDistributionResponse.self, ListDistributionsRequest.self,
        ListDistributionsResponse.self, WatchDistributionRequest.self, WatchDistributionResponse.self,
        CancelDistributionRequest.self, CancelDistributionResponse.self, RehashDistributionRequest.self,
        RehashDistributionResponse.self, GetTorrentRequest.self,
        GetTorrentResponse.self, GetNodeRequest.self, GetNodeResponse.self, ListNodesRequest.self,
        ListNodesResponse.self, CreateOriginRequest.self, CreateOriginResponse.self, GetOriginRequest.self,
        GetOriginResponse.self, ListOriginsRequest.self, ListOriginsResponse.self, UpdateOriginLimitsRequest.self,
        UpdateOriginLimitsResponse.self, DeleteOriginRequest.self, DeleteOriginResponse.self,
        GetOriginUsageRequest.self, GetOriginUsageResponse.self, Timestamp.self, ProtoDuration.self,
        RevokeNodeRequest.self, RevokeNodeResponse.self, CreateJoinTokenRequest.self, CreateJoinTokenResponse.self,
        ListJoinTokensRequest.self, ListJoinTokensResponse.self, DeleteJoinTokenRequest.self,
        DeleteJoinTokenResponse.self, CreateApiTokenRequest.self, CreateApiTokenResponse.self,
        ListApiTokensRequest.self, ListApiTokensResponse.self, DeleteApiTokenRequest.self,
        DeleteApiTokenResponse.self, ListAuditRecordsRequest.self, ListAuditRecordsResponse.self, EnrollRequest.self,
        EnrollResponse.self, RenewRequest.self, RenewResponse.self, PollRequest.self, PollResponse.self,
        CreateAuthorityRequest.self, CreateAuthorityResponse.self, ListAuthoritiesRequest.self,
        ListAuthoritiesResponse.self, ActivateAuthorityRequest.self, ActivateAuthorityResponse.self,
        DeleteAuthorityRequest.self, DeleteAuthorityResponse.self,
    ]

    /// Their full proto names.
    package static var messageNames: Set<String> { Set(messages.map { $0.fullName }) }

    private static func jsonSeed(_ index: UInt8, _ packed: [UInt8]) -> [UInt8] {
        guard let message = try? messages[Int(index)].init(protobuf: ByteBuffer(bytes: packed)) else { return [] }
        return Array(message.json.text.utf8)
    }

    /// Position in `messages` and a packed example.
    private static var messageSeeds: [(UInt8, [UInt8])] {
        var found: [any RPCMessage] = []
        var heartbeat = LeaseHeartbeat()
        heartbeat.origin = "o"
        heartbeat.sequence = 5
        var lease = ConnectRequest()
        lease.message = .leaseHeartbeat(heartbeat)
        found.append(lease)
        var request = CreateDistributionRequest()
        request.distribution = Distribution()
        request.distribution?.name = "distributions/d"
        request.distribution?.sourceUrl = "http://o/f"
        found.append(request)
        var limits = UpdateOriginLimitsRequest()
        limits.limits = OriginLimits()
        limits.limits?.windows = [TrafficWindow()]
        found.append(limits)
        var time = Timestamp()
        time.seconds = 1_700_000_000
        time.nanos = 250_000_000
        found.append(time)
        var span = ProtoDuration()
        span.seconds = -3
        span.nanos = -500_000_000
        found.append(span)
        return found.compactMap { message in
            let position = messages.firstIndex { $0.fullName == type(of: message).fullName }
            return position.map { (UInt8($0), message.encoded) }
        }
    }

    /// Bundles of one certificate and of two, as a node is told them.
    private static var certificateSeeds: [[UInt8]] {
        let (first, second) = (FuzzSamples.authorities[0], FuzzSamples.authorities[1])
        return bytes(first, first + second, "trust these\r\n" + first.replacing("\n", with: " \r\n"))
    }

    private static func certificates(_ input: [UInt8]) {
        guard let bundle = try? CertificateBundle(pem: text(input)) else { return }
        precondition((1...CertificateBundle.maximumCount).contains(bundle.certificates.count))
        guard let again = try? CertificateBundle(pem: bundle.pem) else {
            preconditionFailure("a bundle is not read back")
        }
        precondition(again.fingerprints == bundle.fingerprints)
    }

    private static func protobuf(_ input: [UInt8]) {
        guard let first = input.first else { return }
        messages[Int(first) % messages.count].expectStable(packed: Array(input.dropFirst()))
    }

    private static func jsonMessage(_ input: [UInt8]) {
        guard let first = input.first, let json = try? JSONParser.parse(Array(input.dropFirst())) else { return }
        messages[Int(first) % messages.count].expectStable(json: json)
    }
}

extension RPCMessage {
    /// What can be unpacked comes back out of its own bytes, and has a JSON form.
    fileprivate static func expectStable(packed: [UInt8]) {
        guard let message = try? Self(encoded: packed) else { return }
        // Compared as bytes: a NaN is not equal to itself.
        let once = message.encoded
        let again = try? Self(encoded: once)
        precondition(again?.encoded == once, "a \(fullName) does not come back")
        guard let parsed = try? JSONParser.parse(message.json.text) else { preconditionFailure("this is not JSON") }
        _ = try? Self(json: parsed)
    }

    /// What can be read as JSON comes back out of its own JSON and its own bytes.
    fileprivate static func expectStable(json: JSONValue) {
        guard let message = try? Self(json: json) else { return }
        let text = message.json.text
        let again = (try? JSONParser.parse(text)).flatMap { try? Self(json: $0) }
        precondition(again?.json.text == text, "the JSON of a \(fullName) does not come back")
        let packed = try? Self(encoded: message.encoded)
        precondition(packed?.encoded == message.encoded, "the bytes of a \(fullName) do not come back")
    }
}
