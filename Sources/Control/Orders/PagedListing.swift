internal import SluiceAPI
internal import Store
internal import Units

/// What every list method is asked.
protocol PagedRequest {
    var pageSize: UInt32 { get }
    var pageToken: String { get }
}

/// What every list method answers.
protocol PagedResponse {
    init()
    var nextPageToken: String { get set }
}

extension PagedResponse {
    /// A page of what is listed: `show` puts the records into the response.
    init<Record>(
        _ request: some PagedRequest,
        of page: (PageRequest) async throws(StoreError) -> Page<Record>,
        show: (inout Self, [Record]) async throws -> Void
    ) async throws {
        let page = try await page(PageRequest(request.pageSize, request.pageToken))
        self.init()
        try await show(&self, page.records)
        nextPageToken = page.nextToken ?? ""
    }
}

extension ListAuditRecordsRequest: PagedRequest {}
extension ListAuditRecordsResponse: PagedResponse {}
extension ListApiTokensRequest: PagedRequest {}
extension ListApiTokensResponse: PagedResponse {}
extension ListDistributionsRequest: PagedRequest {}
extension ListDistributionsResponse: PagedResponse {}
extension ListJoinTokensRequest: PagedRequest {}
extension ListJoinTokensResponse: PagedResponse {}
extension ListNodesRequest: PagedRequest {}
extension ListNodesResponse: PagedResponse {}
extension ListOriginsRequest: PagedRequest {}
extension ListOriginsResponse: PagedResponse {}
