import Testing

@testable import HTTP

struct HTTPFieldsTests {
    @Test func `names are lowered and order is kept`() {
        var fields = HTTPFields()
        #expect(fields.isEmpty)
        fields.append("Accept", "A")
        fields.append("x", "B")
        fields.append("ACCEPT", "C")
        #expect(fields["accept"] == "A")
        #expect(fields["Accept"] == nil)
        #expect(fields.values(of: "accept") == ["A", "C"])
        #expect(fields.map(\.0) == ["accept", "x", "accept"])
        #expect(fields.listSize == 6 + 1 + 32 + 1 + 1 + 32 + 6 + 1 + 32)
    }
}
