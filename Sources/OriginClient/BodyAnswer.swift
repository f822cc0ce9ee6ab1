/// What becomes of bytes that libcurl hands over.
enum BodyAnswer: Hashable {
    case take
    /// libcurl keeps them and hands them over again when the transfer goes on.
    case pause
    case endTransfer
}
