package import Units

/// Orders grants: epoch first, then counter (leases.md, gen).
package struct LeaseGenerationNumber: Hashable, Comparable, Sendable {
    package let epoch: Epoch
    package let counter: UInt64

    package init(epoch: Epoch, counter: UInt64) {
        self.epoch = epoch
        self.counter = counter
    }

    package static func < (left: LeaseGenerationNumber, right: LeaseGenerationNumber) -> Bool {
        (left.epoch, left.counter) < (right.epoch, right.counter)
    }
}
