internal import CCurl
internal import Glibc

/// What libcurl calls: each finds its session and calls one method of it.
enum CurlCallbacks {
    static var write: curl_write_callback {
        { bytes, size, count, context in
            guard let bytes = unsafe bytes, let session = unsafe CurlSession.owner(context) else { return 0 }
            let span = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(bytes), byteCount: size * count)
            switch session.bytesArrived(span) {
            case .take: return size * count
            case .pause: return CCurl_write_pause
            case .endTransfer: return 0
            }
        }
    }

    static var header: curl_write_callback {
        { bytes, size, count, context in
            guard let bytes = unsafe bytes, let session = unsafe CurlSession.owner(context) else { return 0 }
            let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
            let line = unsafe String(decoding: buffer, as: UTF8.self).filter { !$0.isNewline && $0 != "\0" }
            return session.headLineArrived(line) ? size * count : 0
        }
    }

    static var openSocket: curl_opensocket_callback {
        { context, _, address in
            guard let address = unsafe address, let session = unsafe CurlSession.owner(context) else {
                return CCurl_socket_bad
            }
            var bytes = [UInt8](repeating: 0, count: 16)
            let length = unsafe CCurl_address(address, &bytes)
            guard session.permitsConnecting(to: Array(bytes.prefix(Int(length)))) else { return CCurl_socket_bad }
            let socket = unsafe CCurl_open(address)
            if socket != CCurl_socket_bad { session.socketOpened() }
            return socket
        }
    }

    static var closeSocket: curl_closesocket_callback {
        { context, socket in
            if let session = unsafe CurlSession.owner(context) { session.socketClosed() }
            return close(socket)
        }
    }

    static var socket: curl_socket_callback {
        { _, socket, what, context, _ in
            unsafe CurlSession.owner(context)?.watch(socket, what)
            return 0
        }
    }

    static var timer: curl_multi_timer_callback {
        { _, milliseconds, context in
            unsafe CurlSession.owner(context)?.timerSet(milliseconds: milliseconds)
            return 0
        }
    }
}
