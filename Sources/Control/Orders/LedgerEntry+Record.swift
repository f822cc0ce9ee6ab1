internal import SluiceAPI
internal import Store
internal import Units

extension LedgerEntry {
    init(_ record: LedgerRecord) {
        self.init()
        node = record.node.text
        distribution = record.distribution.text
        reason = record.reason == .relayPull ? .relayPull : .assist
        bytes = record.bytes.rawValue
    }
}
