/// How a node and control know each other.
package enum NodeSecurity: Sendable {
    /// They do not: plaintext, for loopback or a network that is trusted.
    case plaintext
    /// TLS both ways. The join token is used on the first start, and again when the node's certificate has ended while
    /// it was away; nil where it has been used and is gone.
    case enrolled(joinToken: String?)
}
