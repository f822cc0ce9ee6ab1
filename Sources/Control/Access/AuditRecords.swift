internal import RPC
internal import SluiceAPI
internal import Store
internal import Units

/// Shows the audit log: the server of `AuditRecordService`.
struct AuditRecords: AuditRecordServiceServer {
    let store: any ControlStore

    func listAuditRecords(
        _ request: ListAuditRecordsRequest,
        context: RPCServerContext
    ) async throws -> ListAuditRecordsResponse {
        try await ListAuditRecordsResponse(request) { page throws(StoreError) in
            try await store.auditEntries(page)
        } show: { response, records in
            response.auditRecords = records.map { entry in
                var record = AuditRecord()
                record.sequence = entry.sequence
                record.time = Timestamp(milliseconds: entry.time)
                record.principal = entry.principal
                record.method = entry.method
                record.resource = entry.resource
                record.outcome = entry.outcome
                record.peer = entry.peer
                return record
            }
        }
    }
}
