import Testing

@testable import RPC

struct RPCMetadataTests {
    @Test func `binary values are cut at commas and read padded or not`() throws {
        var metadata = RPCMetadata()
        #expect(metadata.wireFieldArrived(name: "trace-bin", value: "q6s, q6s=,AQ") == true)
        #expect(metadata.values("trace-bin") == [.binary([0xAB, 0xAB]), .binary([0xAB, 0xAB]), .binary([1])])
        #expect(metadata.wireFieldArrived(name: "trace-bin", value: "***") == false)
    }

    @Test func `text values keep their commas and their order`() throws {
        var metadata = RPCMetadata()
        #expect(metadata.wireFieldArrived(name: "key", value: "b,a") == true)
        #expect(metadata.wireFieldArrived(name: "key", value: "c") == true)
        #expect(metadata.values("key") == [.text("b,a"), .text("c")])
        #expect(metadata.text("key") == "b,a")
    }

    @Test(arguments: [" a b ", "\ta b", "a b  ", "a b"]) func `spaces at the ends of a value are not part of it`(
        text: String
    ) throws {
        var metadata = RPCMetadata()
        #expect(metadata.wireFieldArrived(name: "key", value: text) == true)
        #expect(metadata.wireFieldArrived(name: "key", value: " \t ") == true)
        #expect(metadata.wireFieldArrived(name: "key-bin", value: " AQ , Ag ") == true)
        #expect(metadata.values("key") == [.text("a b"), .text("")])
        #expect(metadata.values("key-bin") == [.binary([1]), .binary([2])])
        var ours = RPCMetadata()
        try ours.add("key", text.replacing("\t", with: " "))
        #expect(ours.wireFields.map(\.value) == ["a b"])
    }

    @Test func `the protocol's own fields are not metadata`() {
        var metadata = RPCMetadata()
        for name in ["content-type", "te", "grpc-status", "grpc-anything", ":path"] {
            #expect(metadata.wireFieldArrived(name: name, value: "x") == true)
        }
        #expect(metadata.isEmpty)
    }

    @Test func `what cannot go over the wire is not taken`() throws {
        var metadata = RPCMetadata()
        for key in ["", "Upper", "spa ce", "grpc-mine", "te", "x-bin", "ä"] {
            #expect(throws: RPCError.self) { try metadata.add(key, "value") }
        }
        #expect(throws: RPCError.self) { try metadata.add("key", "line\nbreak") }
        #expect(throws: RPCError.self) { try metadata.add("key", "☺") }
        #expect(throws: RPCError.self) { try metadata.add("key", [UInt8]([1])) }
        try metadata.add("key", "value")
        try metadata.add("key-bin", [UInt8]([0xAB, 0xAB]))
        #expect(metadata.wireFields.map(\.name) == ["key", "key-bin"])
        #expect(metadata.wireFields.map(\.value) == ["value", "q6s"])
    }
}
