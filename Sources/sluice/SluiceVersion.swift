/// The version that `sluice --version` prints and nodes report.
enum SluiceVersion {
    static let text = "0.1.0"
}
