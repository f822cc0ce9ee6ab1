import Logging
import RPC
import SluiceAPI
import Store
import Testing
import Units

@testable import Control

/// Who may call what.
@Suite struct AccessTableTests {
    /// Every method of every service that our protos describe.
    private static let methods: [String] = {
        let calls = GeneratedCommands.all.count
        precondition(calls > 0, "no methods are known")
        return [
            DistributionServiceRPCService.fileDescriptors, OriginServiceRPCService.fileDescriptors,
            NodeServiceRPCService.fileDescriptors, NodeStreamServiceRPCService.fileDescriptors,
            JoinTokenServiceRPCService.fileDescriptors, EnrollmentServiceRPCService.fileDescriptors,
            AuthorityServiceRPCService.fileDescriptors,
        ].flatMap { $0 }.reduce(into: Set<String>()) { found, file in
            found.formUnion(DescriptorMethods.paths(in: file))
        }.sorted()
    }()

    @Test func `every public method has a rule, and every rule a method`() {
        #expect(Self.methods.count >= 28)
        for path in Self.methods { #expect(AccessTable.stated(path) != nil, "\(path) has no rule") }
        for path in AccessTable.rules.keys { #expect(Self.methods.contains(path), "\(path) is no method") }
    }

    @Test func `what changes something is audited, and what reads is a viewer's`() {
        for path in Self.methods where !path.contains("NodeStream") && !path.contains("Enrollment") {
            let verb = path.split(separator: "/").last ?? ""
            let reads = ["Get", "List", "Watch"].contains { verb.hasPrefix($0) }
            let rule = AccessTable.rule(path)
            #expect(rule.isAudited != reads, "\(path)")
            if !reads, case .user(let role) = rule.caller { #expect(role > .viewer, "\(path)") }
            #expect(rule.caller != .anyone && rule.caller != .node, "\(path)")
        }
    }

    @Test func `a method without a rule needs an admin`() {
        #expect(AccessTable.rule("/sluice.v1.NewService/DoSomething") == .changes(.admin))
        #expect(AccessTable.rule("/grpc.health.v1.Health/Check") == .open)
        #expect(AccessRoleRecord.viewer < .operator && AccessRoleRecord.operator < .admin)
    }
}
