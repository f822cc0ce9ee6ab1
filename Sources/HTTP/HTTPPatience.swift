/// How long a request of ours waits for a peer that says nothing; the time in which what came is not read does not count.
package struct HTTPPatience: Hashable, Sendable {
    /// Until the response's head.
    package let head: Duration
    /// Between one part of its body and the next.
    package let body: Duration

    package init(head: Duration, body: Duration) {
        self.head = head
        self.body = body
    }
}
