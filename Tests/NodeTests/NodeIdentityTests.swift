import Foundation
import Manifest
import Testing
import Transport
import Units

@testable import Node

@Suite struct NodeIdentityTests {
    @Test func `who a node is stays, and is never made anew because it could not be read`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let made = try NodeIdentity.load(from: folder, name: nil, prefix: "agent")
        let again = try NodeIdentity.load(from: folder, name: nil, prefix: "agent")
        #expect(again.name == made.name && again.key.seed == made.key.seed)
        #expect(again.incarnation == made.incarnation + 1)
        let path = folder + "/identity"
        try SecretFile.write("half of it", to: path)
        #expect(throws: UserError.self) { try NodeIdentity.load(from: folder, name: nil, prefix: "agent") }
        #expect(try SecretFile.read(path) == "half of it")
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(throws: UserError.self) { try NodeIdentity.load(from: folder, name: nil, prefix: "agent") }
    }
}
