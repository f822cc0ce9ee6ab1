"""HTTP/2 frames over a raw socket, right ones and wrong ones, with hpack for the heads; and a thin gRPC on top."""
import select
import socket
import ssl
import struct
import time
import zlib

from hpack import Decoder, Encoder

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, HAS_PRIORITY = 1, 1, 4, 8, 32
(NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR,
 REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM) = range(12)
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = range(1, 7)
SERVICE = "/grpc.testing.TestService/"


def frame(kind, flags, stream, payload=b"", length=None):
    """The bytes of one frame; `length` lies about the payload's."""
    count = len(payload) if length is None else length
    return struct.pack(">I", count)[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def settings(*pairs, flags=0, stream=0):
    return frame(SETTINGS, flags, stream, b"".join(struct.pack(">HI", *pair) for pair in pairs))


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


def reset(stream, code=CANCEL):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def request(path="/", method="GET", *more):
    return [(":method", method), (":scheme", "http"), (":path", path), (":authority", "test"), *more]


def call(method, *more):
    """The head of a gRPC call of the official test service."""
    return request(SERVICE + method, "POST", ("content-type", "application/grpc"), ("te", "trailers"), *more)


def message(payload, compressed=False):
    """One length-prefixed message."""
    if compressed:
        deflate = zlib.compressobj(wbits=31)
        payload = deflate.compress(payload) + deflate.flush()
    return struct.pack(">BI", compressed, len(payload)) + payload


class Frame:
    def __init__(self, kind, flags, stream, payload):
        self.kind, self.flags, self.stream, self.payload = kind, flags, stream, payload

    @property
    def code(self):
        """The error code of RST_STREAM or GOAWAY."""
        return struct.unpack(">I", self.payload[4:8] if self.kind == GOAWAY else self.payload[:4])[0]

    def __repr__(self):
        return f"frame(kind={self.kind}, flags={self.flags}, stream={self.stream}, {len(self.payload)} bytes)"


class Connection:
    """A client's connection. Use as a context."""

    def __init__(self, address, *pairs, preface=True, seconds=3, tls=False):
        host, port = address.rsplit(":", 1)
        self.address = address
        self.socket = socket.create_connection((host, int(port)), timeout=seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_alpn_protocols(["h2"])
            self.socket = context.wrap_socket(self.socket)
        self.seconds, self.encoder, self.decoder = seconds, Encoder(), Decoder()
        self.buffer, self.closed, self.goaway, self.seen = b"", False, None, []
        if preface:
            self.send(PREFACE + settings(*pairs))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """Sends; a connection that the server has ended already is noted, not raised."""
        try:
            self.socket.sendall(data)
        except TimeoutError:
            raise AssertionError("the server reads no more, and does not end the connection") from None
        except OSError:
            self.closed = True

    def block(self, fields):
        return self.encoder.encode(fields)

    def headers(self, stream, fields, flags=END_HEADERS | END_STREAM):
        self.send(frame(HEADERS, flags, stream, self.block(fields)))

    def next(self, seconds=None):
        """The next frame; None when the connection has ended. Acknowledges SETTINGS on its way."""
        end = time.monotonic() + (self.seconds if seconds is None else seconds)
        while True:
            if len(self.buffer) >= 9:
                length = int.from_bytes(self.buffer[:3], "big")
                if len(self.buffer) >= 9 + length:
                    kind, flags = self.buffer[3], self.buffer[4]
                    stream = int.from_bytes(self.buffer[5:9], "big") & 0x7FFFFFFF
                    found = Frame(kind, flags, stream, self.buffer[9:9 + length])
                    self.buffer = self.buffer[9 + length:]
                    if kind == SETTINGS and not flags & ACK:
                        for name, value in struct.iter_unpack(">HI", found.payload):
                            if name == HEADER_TABLE_SIZE:
                                self.encoder.header_table_size = min(value, 4096)
                        self.send(frame(SETTINGS, ACK, 0))
                    if kind == GOAWAY:
                        self.goaway = found
                    self.seen.append(found)
                    return found
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError(f"the server says nothing more; it said {self.seen[-5:]}")
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(1 << 16)
            except TimeoutError:
                continue
            except OSError:
                data = b""
            if not data:
                self.closed = True
                return None
            self.buffer += data

    def is_over(self):
        """Whether the server has ended the connection; what it says besides is thrown away."""
        while not self.closed:
            if not select.select([self.socket], [], [], 0)[0]:
                return False
            self.socket.settimeout(0)
            try:
                self.closed = not self.socket.recv(1 << 16)
            except ssl.SSLWantReadError:
                return False
            except OSError:
                self.closed = True
            finally:
                self.socket.settimeout(self.seconds)
        return True

    def until(self, matches, seconds=None):
        """The next frame that matches; None when the connection ended before one came."""
        while (found := self.next(seconds)) is not None:
            if matches(found):
                return found
        return None

    # What has to come of it

    def expect_connection_error(self, *codes):
        """GOAWAY with one of the codes, and then the end of the connection (RFC 9113 section 5.4.1)."""
        found = self.until(lambda f: f.kind == GOAWAY)
        assert found is not None, "the connection ended without GOAWAY"
        assert found.code in codes, f"GOAWAY with code {found.code}, not {codes}"
        assert self.until(lambda f: False) is None

    def expect_end(self):
        """The end of the connection, before either side has spoken HTTP/2."""
        assert self.until(lambda f: f.kind not in (SETTINGS, WINDOW_UPDATE)) is None, self.seen[-1]

    def expect_stream_error(self, stream, *codes):
        """RST_STREAM with one of the codes; a connection error with it is stricter, and right too."""
        found = self.until(lambda f: f.kind == GOAWAY or (f.kind == RST_STREAM and f.stream == stream))
        assert found is not None, "the connection ended without a code"
        assert found.code in codes, f"code {found.code}, not one of {codes}"

    def expect_alive(self):
        """The connection goes on: a PING is answered."""
        self.send(frame(PING, 0, 0, b"expected"))
        found = self.until(lambda f: f.kind in (GOAWAY, PING))
        assert found is not None, "the connection ended"
        assert found.kind == PING and found.flags & ACK and found.payload == b"expected", found

    def expect_response(self, stream):
        """The fields of the response's head."""
        found = self.until(lambda f: f.kind == GOAWAY or (f.kind in (HEADERS, RST_STREAM) and f.stream == stream))
        assert found is not None, "the connection ended"
        assert found.kind == HEADERS, f"no response but {found}, code {found.code}"
        return dict(self.decoder.decode(found.payload))

    def messages(self, stream, grant=True):
        """Reads a whole gRPC response: [(compressed, payload)], head, trailers."""
        body, heads = b"", []
        while True:
            found = self.next()
            assert found is not None and found.kind != GOAWAY, "the connection ended"
            if found.kind == HEADERS:
                heads.append(dict(self.decoder.decode(found.payload)))
            if found.stream != stream:
                continue
            assert found.kind != RST_STREAM or heads, f"the stream was reset with {found.code}"
            if found.kind == DATA:
                body += found.payload
                if grant and found.payload:
                    self.send(window_update(0, len(found.payload)) + window_update(stream, len(found.payload)))
            if found.flags & END_STREAM and found.kind in (DATA, HEADERS):
                break
        messages = []
        while body:
            flag, count = struct.unpack(">BI", body[:5])
            payload = body[5:5 + count]
            messages.append((bool(flag), zlib.decompress(payload, wbits=31) if flag else payload))
            body = body[5 + count:]
        return messages, heads[0], heads[-1]
