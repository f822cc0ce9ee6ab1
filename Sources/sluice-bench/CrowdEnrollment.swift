import HTTP
import NIOCore
import RPC
import SluiceAPI
import Transport

/// Gets every node of a crowd its certificate, as nodes do, but for one key of them all.
struct CrowdEnrollment: Sendable {
    /// Calls under way at once.
    private static let callsAtOnce = 64

    let plan: CrowdPlan
    /// PEM file of control's authority.
    let authority: String
    /// Join tokens, for as many uses as there are nodes.
    let agentToken: String
    let relayToken: String

    /// What each node shows when it connects, in the order of the plan.
    func enroll(on group: any EventLoopGroup) async throws -> [TLSClientContext] {
        let key = try PrivateKey()
        let request = try CertificateRequest(key: key).pem
        let tls = try TLSClientContext(trust: .file(authority), requiredURI: NodeCertificateName.control)
        let http = try await HTTPClient.connect(host: plan.host, port: plan.port, tls: tls, group: group)
        let client = EnrollmentServiceClient(
            RPCClient(http: http, scheme: "https", authority: "\(plan.host):\(plan.port)")
        )
        let contexts = try await withThrowingTaskGroup(of: (Int, TLSClientContext).self) { tasks in
            var contexts = [TLSClientContext?](repeating: nil, count: plan.streams)
            for index in 0..<plan.streams {
                if index >= Self.callsAtOnce, let (done, context) = try await tasks.next() { contexts[done] = context }
                tasks.addTask { (index, try await context(of: index, request, key, client)) }
            }
            for try await (done, context) in tasks { contexts[done] = context }
            return contexts.compactMap { $0 }
        }
        await http.close()
        return contexts
    }

    private func context(
        of index: Int,
        _ certificateRequest: String,
        _ key: PrivateKey,
        _ client: EnrollmentServiceClient
    ) async throws -> TLSClientContext {
        var request = EnrollRequest()
        request.joinToken = plan.isRelay(index) ? relayToken : agentToken
        request.name = plan.name(index)
        request.role = plan.isRelay(index) ? .relay : .agent
        request.certificateRequest = certificateRequest
        let answer = try await client.enroll(request)
        return try TLSClientContext(
            trust: .file(authority),
            identity: TLSIdentity(certificate: Certificate(pem: answer.certificate), key: key),
            requiredURI: NodeCertificateName.control
        )
    }
}
