internal import Manifest

/// What is kept of secrets, and how it is compared.
enum AccessDigest {
    /// SHA-256. Secrets are 256 random bits: a slow hash would add nothing.
    static func of(_ secret: [UInt8]) -> [UInt8] { SHA256Hasher.digest(of: secret).bytes }

    /// Takes the same time wherever the two differ.
    static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for (one, other) in zip(left, right) { difference |= one ^ other }
        return difference == 0
    }
}
