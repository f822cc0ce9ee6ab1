extension ConnectRequest {
    /// What a node says to control.
    package init(_ message: Message) {
        self.init()
        self.message = message
    }
}
