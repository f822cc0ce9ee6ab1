/// The flags that generated commands have beside those of their fields. The generator gives a field of such a name another
/// flag, so that none hides the other.
package enum CommonFlagName: String, CaseIterable, Hashable, Sendable {
    case watch
    case fromFile = "from-file"
    case columns
    case output
    case server
    case context
    case plaintext
    case insecurePlaintext = "insecure-plaintext"
    case help
}
