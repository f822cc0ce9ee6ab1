internal import RPC
internal import SluiceAPI
internal import Store
internal import Transport
internal import Units

/// Shows the fleet: the server of `NodeService`.
struct NodeListing: NodeServiceServer {
    let fleet: Fleet
    let store: any ControlStore
    let registry: AccessRegistry
    let polls: NodePolls

    func getNode(_ request: GetNodeRequest, context: RPCServerContext) async throws -> GetNodeResponse {
        guard let id = NodeID(request.name), let record = try await store.node(id) else {
            throw UserError(.notFound, "no node is named \(request.name)")
        }
        var response = GetNodeResponse()
        response.node = try await shown(record)
        return response
    }

    func listNodes(_ request: ListNodesRequest, context: RPCServerContext) async throws -> ListNodesResponse {
        let role: NodeRecordRole? =
            switch request.role {
            case .relay: .relay
            case .agent: .agent
            default: nil
            }
        return try await ListNodesResponse(request) { page throws(StoreError) in
            try await store.nodes(page, role: role)
        } show: { response, records in
            for record in records { response.nodes.append(try await shown(record)) }
        }
    }

    func revokeNode(_ request: RevokeNodeRequest, context: RPCServerContext) async throws -> RevokeNodeResponse {
        let unknown = UserError(.notFound, "no node is enrolled as \(request.name)")
        guard let id = NodeID(request.name) else { throw unknown }
        try await registry.enrollmentChanges.perform(id) {
            do throws(StoreError) {
                try await store.revokeEnrollment(id, at: fleet.clock.milliseconds())
            } catch {
                throw error.code == .notFound ? unknown : error
            }
            await registry.nodeRevoked(id)
        }
        polls.abort(id)
        try await fleet.failTasks(of: id, because: "the node was revoked")
        return RevokeNodeResponse()
    }

    private func shown(_ record: NodeRecord) async throws -> Node {
        var node = try Node(encoded: record.payload)
        node.connected = await fleet.isConnected(record.id)
        node.lastSeenTime = Timestamp(milliseconds: record.lastSeenAt)
        if let certificate = await registry.certificate(of: record.id) {
            node.authority = AuthoritySet.name(of: certificate.authority)
            node.certificateExpireTime = Timestamp(milliseconds: certificate.endsAt)
        }
        return node
    }
}
