internal import Manifest
internal import Units

/// What an info dictionary of one file says, checked.
struct InfoFields {
    let name: String
    let geometry: PieceGeometry
    /// Concatenated SHA-1 hashes; nil without version 1.
    let pieces: [UInt8]?
    let isV2: Bool
    let piecesRoot: SHA256Digest?

    init(_ info: BencodeValue) throws(MetainfoError) {
        guard let name = info[key: "name"]?.text, !name.isEmpty, name != ".", name != "..",
            !name.utf8.contains(UInt8(ascii: "/")), !name.utf8.contains(0)
        else { throw MetainfoError("the torrent's name is not the name of a file") }
        guard info[key: "files"] == nil else { throw MetainfoError("the torrent has more than one file") }
        let version = info[key: "meta version"]?.integer ?? 1
        guard version == 1 || version == 2 else { throw MetainfoError("the torrent is of an unknown version") }
        var length = info[key: "length"]?.integer
        var root: SHA256Digest?
        if version == 2 {
            guard let tree = info[key: "file tree"]?.dictionary, tree.count == 1,
                let leaf = tree.first?.value.dictionary, leaf.count == 1, let file = leaf[[]],
                let fileLength = file[key: "length"]?.integer
            else { throw MetainfoError("the torrent's file tree has not exactly one file") }
            guard length == nil || length == fileLength else {
                throw MetainfoError("the torrent's versions name different lengths")
            }
            length = fileLength
            root = file[key: "pieces root"]?.bytes.flatMap { SHA256Digest(bytes: $0) }
        }
        guard let length, length >= 0, let pieceLength = info[key: "piece length"]?.integer,
            let pieceLength = UInt32(exactly: pieceLength),
            let geometry = PieceGeometry(size: ByteCount(length), pieceLength: pieceLength)
        else {
            throw MetainfoError("the torrent's piece length is not a power of two from 16 KiB to 16 MiB")
        }
        self.name = name
        self.geometry = geometry
        pieces = info[key: "pieces"]?.bytes
        isV2 = version == 2
        piecesRoot = root
    }
}
