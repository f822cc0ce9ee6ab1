/// Why bytes are no bencoding, or none that is taken.
package enum BencodeError: Error, Hashable, Sendable {
    case truncated, malformed, tooDeep, tooMany, trailingBytes, duplicateKey
}
