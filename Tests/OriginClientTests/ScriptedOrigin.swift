import Glibc
import Synchronization

/// A tiny HTTP/1.1 server on a port of the kernel's choice: a thread for each connection, answers by a script.
final class ScriptedOrigin: Sendable {
    struct Request: Sendable {
        let method: String
        let path: String
        /// Names in lower case.
        let fields: [String: String]
        /// First and last byte asked for.
        var range: (Int, Int)? {
            guard let ends = fields["range"]?.dropFirst("bytes=".count).split(separator: "-"), ends.count == 2,
                let first = Int(ends[0]), let last = Int(ends[1])
            else { return nil }
            return (first, last)
        }
    }

    struct Answer: Sendable {
        enum After: Sendable { case keepAlive, close, reset }
        var status = 200
        var fields: [String] = []
        var body: [UInt8] = []
        /// Sent as Content-Length instead of the body's own.
        var length: Int?
        var after = After.keepAlive
    }

    struct Seen: Sendable {
        var requests: [Request] = []
        var connections = 0
    }

    let port: UInt16
    private let listener: CInt
    private let script: @Sendable (Request) -> Answer
    private let record = Mutex(Seen())

    var seen: Seen { record.withLock { $0 } }
    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    init(_ script: @escaping @Sendable (Request) -> Answer) {
        self.script = script
        listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                _ = unsafe bind(descriptor, pointer, length)
                _ = unsafe getsockname(descriptor, pointer, &length)
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        listen(listener, 64)
        Self.thread { [weak self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return }
                guard let self else {
                    _ = Glibc.close(connection)
                    return
                }
                record.withLock { $0.connections += 1 }
                Self.thread { [self] in serve(connection) }
            }
        }
    }

    /// Ends listening; connections end with their clients.
    func stop() {
        shutdown(listener, CInt(SHUT_RDWR))
        _ = Glibc.close(listener)
    }

    private func serve(_ connection: CInt) {
        defer { _ = Glibc.close(connection) }
        var unread: [UInt8] = []
        while let request = Self.request(connection, &unread) {
            record.withLock { $0.requests.append(request) }
            let answer = script(request)
            var head = "HTTP/1.1 \(answer.status) Scripted\r\nContent-Length: \(answer.length ?? answer.body.count)\r\n"
            for field in answer.fields { head += field + "\r\n" }
            let body = request.method == "HEAD" ? [] : answer.body
            guard Self.send(connection, Array((head + "\r\n").utf8) + body) else { return }
            switch answer.after {
            case .keepAlive: continue
            case .close: return
            case .reset:
                var option = linger(l_onoff: 1, l_linger: 0)
                _ = unsafe setsockopt(
                    connection,
                    SOL_SOCKET,
                    SO_LINGER,
                    &option,
                    socklen_t(MemoryLayout<linger>.size)
                )
                return
            }
        }
    }

    private static func request(_ connection: CInt, _ unread: inout [UInt8]) -> Request? {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let text = String(decoding: unread, as: UTF8.self)
            if text.contains("\r\n\r\n") {
                unread = []  // requests have no bodies and are not pipelined
                let lines = text.split(separator: "\r\n")
                let first = lines[0].split(separator: " ")
                var fields: [String: String] = [:]
                for line in lines.dropFirst() {
                    let parts = line.split(separator: ": ", maxSplits: 1)
                    if parts.count == 2 { fields[parts[0].lowercased()] = String(parts[1]) }
                }
                return Request(method: String(first[0]), path: String(first[1]), fields: fields)
            }
            let count = unsafe recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            unread += chunk[..<count]
        }
    }

    private static func send(_ connection: CInt, _ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { buffer in
                unsafe Glibc.send(connection, buffer.baseAddress, buffer.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    private static func thread(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        _ = unsafe pthread_create(
            &thread,
            nil,
            { context in
                if let context = unsafe context {
                    unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
                }
                return nil
            },
            Unmanaged.passRetained(Work(body)).toOpaque()
        )
        pthread_detach(thread)
    }
}
