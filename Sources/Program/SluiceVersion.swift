/// The version that `sluice --version` prints and nodes report.
package enum SluiceVersion {
    package static let text = "0.1.0"
}
