// Typed shims over libcurl's variadic functions, which Swift cannot call; each names the one it stands for.
#pragma once
#include <curl/curl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

// curl_easy_setopt with a long.
static inline CURLcode CCurl_setopt_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}
// curl_easy_setopt with a string, which libcurl copies; NULL unsets.
static inline CURLcode CCurl_setopt_string(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}
// curl_easy_setopt with a pointer of which the caller stays the owner.
static inline CURLcode CCurl_setopt_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}
// curl_easy_setopt with a list of header fields of which the caller stays the owner.
static inline CURLcode CCurl_setopt_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}
// curl_easy_setopt with a curl_off_t.
static inline CURLcode CCurl_setopt_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}
// curl_easy_setopt with CURLOPT_WRITEFUNCTION or CURLOPT_HEADERFUNCTION.
static inline CURLcode CCurl_setopt_write(CURL *easy, CURLoption option, curl_write_callback value) {
    return curl_easy_setopt(easy, option, value);
}
// curl_easy_setopt with CURLOPT_OPENSOCKETFUNCTION.
static inline CURLcode CCurl_setopt_opensocket(CURL *easy, curl_opensocket_callback value) {
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, value);
}
// curl_easy_setopt with CURLOPT_CLOSESOCKETFUNCTION.
static inline CURLcode CCurl_setopt_closesocket(CURL *easy, curl_closesocket_callback value) {
    return curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, value);
}
// curl_multi_setopt with a long.
static inline CURLMcode CCurl_multi_setopt_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}
// curl_multi_setopt with a pointer of which the caller stays the owner.
static inline CURLMcode CCurl_multi_setopt_pointer(CURLM *multi, CURLMoption option, void *value) {
    return curl_multi_setopt(multi, option, value);
}
// curl_multi_setopt with CURLMOPT_SOCKETFUNCTION.
static inline CURLMcode CCurl_multi_setopt_socket(CURLM *multi, curl_socket_callback value) {
    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, value);
}
// curl_multi_setopt with CURLMOPT_TIMERFUNCTION.
static inline CURLMcode CCurl_multi_setopt_timer(CURLM *multi, curl_multi_timer_callback value) {
    return curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, value);
}
// The macros CURL_SOCKET_BAD, CURL_SOCKET_TIMEOUT, CURL_WRITEFUNC_PAUSE and CURL_GLOBAL_DEFAULT.
static const curl_socket_t CCurl_socket_bad = CURL_SOCKET_BAD;
static const curl_socket_t CCurl_socket_timeout = CURL_SOCKET_TIMEOUT;
static const size_t CCurl_write_pause = CURL_WRITEFUNC_PAUSE;
static const long CCurl_global_default = CURL_GLOBAL_DEFAULT;
// The field curl_sockaddr.addr, which is longer than its declared type: copies the IP address, and returns its length
// (4 or 16), or 0 for any other family.
static inline int CCurl_address(const struct curl_sockaddr *address, unsigned char bytes[16]) {
    if (address->family == AF_INET) {
        struct sockaddr_in four;
        memcpy(&four, &address->addr, sizeof four);
        memcpy(bytes, &four.sin_addr, 4);
        return 4;
    }
    if (address->family == AF_INET6) {
        struct sockaddr_in6 six;
        memcpy(&six, (const char *)address + offsetof(struct curl_sockaddr, addr), sizeof six);
        memcpy(bytes, &six.sin6_addr, 16);
        return 16;
    }
    return 0;
}
// SOCK_CLOEXEC, an enum that Swift does not take for an int: opens a socket for the address.
static inline curl_socket_t CCurl_open(const struct curl_sockaddr *address) {
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}
// The result in the union CURLMsg.data.
static inline CURLcode CCurl_result(const CURLMsg *message) { return message->data.result; }
