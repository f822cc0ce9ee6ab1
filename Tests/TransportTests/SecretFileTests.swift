import Foundation
import Testing
import Transport

@Suite struct SecretFileTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try SecretFile.makeFolder(folder)
        try body(folder)
    }

    private func mode(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test func `what is written is read, what is not there is nil, and what cannot be read throws`() throws {
        try withFolder { folder in
            try SecretFile.write("one", to: folder + "/a")
            try SecretFile.write("two", to: folder + "/a")
            #expect(try SecretFile.read(folder + "/a") == "two")
            #expect(try mode(folder + "/a") == 0o600)
            #expect(try SecretFile.read(folder + "/b") == nil)
            #expect(throws: TransportError.self) { try SecretFile.read(folder) }
            try Data([0xFF, 0xFE]).write(to: URL(fileURLWithPath: folder + "/c"))
            #expect(throws: TransportError.self) { try SecretFile.read(folder + "/c") }
            #expect(throws: TransportError.self) { try SecretFile.write("x", to: folder + "/none/a") }
        }
    }

    @Test func `a file and a folder that others could open become their owner's alone`() throws {
        try withFolder { folder in
            #expect(try mode(folder) == 0o700)
            let (inner, file) = (folder + "/x/y/", folder + "/x/y/db")
            try SecretFile.makeFolder(inner)
            #expect(try mode(inner) == 0o700)
            try Data("kept".utf8).write(to: URL(fileURLWithPath: file))
            for path in [inner, file] {
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            }
            try SecretFile.makeFolder(inner)
            try SecretFile.claim(file)
            #expect(try mode(inner) == 0o700 && mode(file) == 0o600)
            #expect(try SecretFile.read(file) == "kept")
            try SecretFile.claim(folder + "/new")
            try SecretFile.claimKept(folder + "/none")
            #expect(try mode(folder + "/new") == 0o600)
            #expect(!FileManager.default.fileExists(atPath: folder + "/none"))
            #expect(throws: TransportError.self) { try SecretFile.makeFolder(file) }
        }
    }

    @Test func `a folder that is shared by its nature stays so`() throws {
        try withFolder { folder in
            try FileManager.default.setAttributes([.posixPermissions: 0o1777], ofItemAtPath: folder)
            try SecretFile.makeFolder(folder)
            #expect(try mode(folder) == 0o1777)
        }
    }
}
