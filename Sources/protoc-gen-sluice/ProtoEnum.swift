/// One enum.
struct ProtoEnum {
    struct Value {
        let name: String
        let number: Int32
        let comment: [String]
    }

    let fullName: String
    let comment: [String]
    let values: [Value]
}
