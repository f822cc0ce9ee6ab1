import Testing

@testable import HTTP

struct WriteRoomTests {
    @Test func `one stream has its own limit, many share the connection's, none gets less than the least`() {
        let room = WriteRoom(perStream: 1 << 20, whole: 8 << 20)
        #expect(room.share == 1 << 20)
        room.streamsOpen(8)
        #expect(room.share == 1 << 20)
        room.streamsOpen(16)
        #expect(room.share == 512 << 10)
        room.streamsOpen(10_000)
        #expect(room.share == WriteRoom.leastShare)
        room.streamsOpen(1)
        #expect(room.share == 1 << 20)
    }

    @Test func `a connection with one stream at a time has that stream's limit`() {
        #expect(WriteRoom(perStream: 4096).share == 4096)
    }
}
