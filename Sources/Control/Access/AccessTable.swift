internal import Store

/// The one place that says who may call what. A method that is not here needs an admin; a test holds the table against
/// the methods that are served.
enum AccessTable {
    static let rules: [String: AccessRule] = [
        "/sluice.v1.DistributionService/CreateDistribution": .changes(.operator),
        "/sluice.v1.DistributionService/CancelDistribution": .changes(.operator),
        "/sluice.v1.DistributionService/RehashDistribution": .changes(.operator),
        "/sluice.v1.DistributionService/GetDistribution": .reads,
        "/sluice.v1.DistributionService/ListDistributions": .reads,
        "/sluice.v1.DistributionService/WatchDistribution": .reads,
        "/sluice.v1.DistributionService/GetTorrent": .reads,
        "/sluice.v1.OriginService/CreateOrigin": .changes(.admin),
        "/sluice.v1.OriginService/UpdateOriginLimits": .changes(.admin),
        "/sluice.v1.OriginService/DeleteOrigin": .changes(.admin),
        "/sluice.v1.OriginService/GetOrigin": .reads,
        "/sluice.v1.OriginService/ListOrigins": .reads,
        "/sluice.v1.OriginService/GetOriginUsage": .reads,
        "/sluice.v1.NodeService/GetNode": .reads,
        "/sluice.v1.NodeService/ListNodes": .reads,
        "/sluice.v1.NodeService/RevokeNode": .changes(.admin),
        // An operator may make short-lived tokens for single agents: `sluice get` needs one.
        "/sluice.v1.JoinTokenService/CreateJoinToken": .changes(.operator),
        "/sluice.v1.JoinTokenService/ListJoinTokens": AccessRule(caller: .user(.admin), isAudited: false),
        "/sluice.v1.JoinTokenService/DeleteJoinToken": .changes(.admin),
        "/sluice.v1.ApiTokenService/CreateApiToken": .changes(.admin),
        "/sluice.v1.ApiTokenService/ListApiTokens": AccessRule(caller: .user(.admin), isAudited: false),
        "/sluice.v1.ApiTokenService/DeleteApiToken": .changes(.admin),
        // Certificates are no secrets, and users need them to follow a rotation.
        "/sluice.v1.AuthorityService/ListAuthorities": .reads,
        "/sluice.v1.AuthorityService/CreateAuthority": .changes(.admin),
        "/sluice.v1.AuthorityService/ActivateAuthority": .changes(.admin),
        "/sluice.v1.AuthorityService/DeleteAuthority": .changes(.admin),
        "/sluice.v1.AuditRecordService/ListAuditRecords": AccessRule(caller: .user(.admin), isAudited: false),
        // The join token in the request is the credential.
        "/sluice.v1.EnrollmentService/Enroll": AccessRule(caller: .anyone, isAudited: true),
        renewal: .node,
    ]

    /// How a node gets a new certificate for its old one.
    static let renewal = "/sluice.v1.EnrollmentService/Renew"

    /// Methods that are no streams, and yet wait: their calls end, too, when the right to them does.
    static let waiting: Set = ["/sluice.v1.NodeStreamService/Poll"]

    /// Whole services, where a method has no rule of its own.
    static let services: [String: AccessRule] = [
        "sluice.v1.NodeStreamService": .node,
        "grpc.health.v1.Health": .open,
        "grpc.reflection.v1.ServerReflection": .open,
        "grpc.reflection.v1alpha.ServerReflection": .open,
    ]

    /// The rule of a path such as `/sluice.v1.OriginService/CreateOrigin`; nil where there is none.
    static func stated(_ path: String) -> AccessRule? {
        rules[path] ?? path.split(separator: "/").first.flatMap { services[String($0)] }
    }

    /// The rule of a path; an admin's where none is stated.
    static func rule(_ path: String) -> AccessRule { stated(path) ?? .changes(.admin) }
}
