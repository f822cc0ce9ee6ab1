/// A command and the words that lead to it.
struct CompletionPlace {
    /// Such as `sluice distributions get`.
    let path: String
    let node: CompletionNode

    /// Every command below a program, the program itself first.
    static func all(of root: CompletionNode) -> [CompletionPlace] { places(root, below: "") }

    private static func places(_ node: CompletionNode, below: String) -> [CompletionPlace] {
        let path = below.isEmpty ? node.name : "\(below) \(node.name)"
        return [CompletionPlace(path: path, node: node)] + node.children.flatMap { places($0, below: path) }
    }
}
