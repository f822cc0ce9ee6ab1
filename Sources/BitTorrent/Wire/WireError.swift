/// How a peer broke the protocol; ends its connection.
package enum WireError: Error, Hashable, Sendable {
    case notBitTorrent, messageTooLong, malformedMessage, pieceOutOfRange, badBitField
    case fastExtensionNotNegotiated, requestTooLong, malformedExtension, answersUnread
}
