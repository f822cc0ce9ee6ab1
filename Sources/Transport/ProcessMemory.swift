internal import CLinux

/// What this process holds of its machine's memory.
package enum ProcessMemory {
    /// Gives back what was needed to start, or for work that is done: free heap, and pages of the program that come back from
    /// the page cache when they are used again. Takes some milliseconds; not on an event loop.
    package static func release() { CLinux_release_memory() }

    /// From now on the memory of a large piece goes back to the system when the piece does. Smaller ones are so many that
    /// their memory is better kept.
    package static func returnLargePieces() { CLinux_return_freed_blocks(largePiece) }

    private static let largePiece: Int32 = 4 << 20
}
