/// Sums of numbers that a stranger may have made up: they stop at the top instead of trapping.
extension UInt64 {
    /// The sum, or the largest number where the sum is beyond it.
    package func addingSaturated(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    /// The product, or the largest number where the product is beyond it.
    package func multipliedSaturated(by other: UInt64) -> UInt64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }
}
