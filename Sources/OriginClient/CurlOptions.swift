internal import CCurl
internal import Units

/// Everything that is set on libcurl's handles, and what its codes mean.
enum CurlOptions {
    /// Options of a session, set once.
    static func apply(
        policy: OriginAccessPolicy,
        owner: UnsafeMutableRawPointer,
        easy: UnsafeMutableRawPointer,
        multi: UnsafeMutableRawPointer
    ) {
        let numbers: [(CURLoption, Int)] = [
            (CURLOPT_NOSIGNAL, 1), (CURLOPT_FOLLOWLOCATION, 0), (CURLOPT_PATH_AS_IS, 1), (CURLOPT_QUICK_EXIT, 1),
            (CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS), (CURLOPT_TCP_KEEPALIVE, 1),
            (CURLOPT_CONNECTTIMEOUT_MS, Limits.connectTimeoutMilliseconds),
            // Never two families at once: a connection is one socket.
            (CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, 10 * Limits.connectTimeoutMilliseconds),
            (CURLOPT_BUFFERSIZE, Limits.readBufferBytes),
            (CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2),
        ]
        for (option, value) in numbers { _ = unsafe CCurl_setopt_long(easy, option, value) }
        var texts: [(CURLoption, String)] = [
            (CURLOPT_PROTOCOLS_STR, "http,https"), (CURLOPT_USERAGENT, "sluice"),
            // A proxy of the environment would be connected to instead of the address that is checked.
            (CURLOPT_PROXY, ""),
        ]
        if let path = policy.trustedCertificatesPath { texts.append((CURLOPT_CAINFO, path)) }
        for (option, value) in texts { _ = unsafe CCurl_setopt_string(easy, option, value) }
        let contexts = [
            CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_OPENSOCKETDATA, CURLOPT_CLOSESOCKETDATA,
        ]
        for option in contexts { _ = unsafe CCurl_setopt_pointer(easy, option, owner) }
        _ = unsafe CCurl_setopt_write(easy, CURLOPT_WRITEFUNCTION, CurlCallbacks.write)
        _ = unsafe CCurl_setopt_write(easy, CURLOPT_HEADERFUNCTION, CurlCallbacks.header)
        _ = unsafe CCurl_setopt_opensocket(easy, CurlCallbacks.openSocket)
        _ = unsafe CCurl_setopt_closesocket(easy, CurlCallbacks.closeSocket)
        _ = unsafe CCurl_multi_setopt_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 1)
        _ = unsafe CCurl_multi_setopt_long(multi, CURLMOPT_MAXCONNECTS, 1)
        _ = unsafe CCurl_multi_setopt_pointer(multi, CURLMOPT_SOCKETDATA, owner)
        _ = unsafe CCurl_multi_setopt_pointer(multi, CURLMOPT_TIMERDATA, owner)
        _ = unsafe CCurl_multi_setopt_socket(multi, CurlCallbacks.socket)
        _ = unsafe CCurl_multi_setopt_timer(multi, CurlCallbacks.timer)
    }

    /// Options of one request; the caller frees the list once the handle no longer uses it. Rates are the rate gate's
    /// alone: CURLOPT_MAX_RECV_SPEED_LARGE of libcurl 7.88 beside pauses left a transfer asleep for 30 s.
    static func applyRequest(
        url: String,
        purpose: RequestPurpose,
        authorization: String?,
        easy: UnsafeMutableRawPointer
    ) -> UnsafeMutablePointer<curl_slist>? {
        var lines = ["Accept-Encoding: identity"]
        if let authorization { lines.append("Authorization: \(authorization)") }
        var range: String?
        switch purpose {
        case .head: _ = unsafe CCurl_setopt_long(easy, CURLOPT_NOBODY, 1)
        case .firstByte:
            _ = unsafe CCurl_setopt_long(easy, CURLOPT_HTTPGET, 1)
            range = "0-0"
        case .range(let bytes, let validators):
            _ = unsafe CCurl_setopt_long(easy, CURLOPT_HTTPGET, 1)
            range = "\(bytes.start)-\(bytes.end - 1)"
            if let condition = validators.precondition { lines.append("\(condition.name): \(condition.value)") }
        }
        if let range { lines.append("Range: bytes=\(range)") }
        _ = unsafe CCurl_setopt_string(easy, CURLOPT_URL, url)
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines where !line.utf8.contains(where: { $0 < 32 }) { unsafe list = curl_slist_append(list, line) }
        _ = unsafe CCurl_setopt_list(easy, CURLOPT_HTTPHEADER, list)
        return unsafe list
    }

    /// What a failed transfer means. Only libcurl's fixed texts are passed on: they hold no addresses.
    static func error(_ code: CURLcode, hasRefusedAddress: Bool) -> OriginError {
        if hasRefusedAddress { return OriginError(.refusedAddress, "the origin's address is not allowed") }
        let text = unsafe String(cString: curl_easy_strerror(code))
        switch code {
        case CURLE_OPERATION_TIMEDOUT: return OriginError(.timedOut, "the origin did not answer in time")
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_USE_SSL_FAILED:
            return OriginError(.tls, "TLS with the origin failed: \(text)")
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT:
            return OriginError(.refusedAddress, "the URL is not one libcurl takes")
        case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING: return OriginError(.transport, "the origin's answer ended early")
        default: return OriginError(.transport, "the origin could not be reached: \(text)")
        }
    }
}
