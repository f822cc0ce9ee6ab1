/// How much a connection reads at once and may have waiting for its socket, in bytes.
package struct SocketBuffers: Hashable, Sendable {
    package var smallestRead = 2048
    package var firstRead = 16_384
    package var largestRead = 262_144
    package var writeLow = 256 << 10
    package var writeHigh = 1 << 20

    /// For those who move content.
    package init() {}

    /// For very many connections with small messages: an idle one keeps its last buffer.
    package static var messages: SocketBuffers {
        var buffers = SocketBuffers()
        buffers.smallestRead = 512
        buffers.firstRead = 512
        buffers.largestRead = 16_384
        buffers.writeLow = 16 << 10
        buffers.writeHigh = 64 << 10
        return buffers
    }
}
