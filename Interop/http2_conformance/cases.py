"""RFC 9113 and RFC 7541 against our listener: the list of h2spec, re-created with raw frames. A row for each section."""
import struct

from hpack import Encoder

from interop_peer import InteropPeer
from raw_http2 import *  # noqa: F403  the names of frames, flags and codes

SECTIONS = {}


def section(name, title):
    """Makes a row of the table; checks are added to it with `check`."""
    SECTIONS[name] = []

    def run(binary):
        failed = []
        with InteropPeer(binary) as peer:
            for what, pairs, function in SECTIONS[name]:
                try:
                    with Connection(peer.address, *pairs) as connection:
                        function(connection)
                except AssertionError as error:
                    failed.append(f"{what}: {error}")
            with Connection(peer.address) as connection:
                connection.expect_alive()
        assert not failed, f"{len(failed)} of {len(SECTIONS[name])}: " + "; ".join(failed)
    run.__doc__ = f"{title} ({{}} checks)"
    globals()[f"case_{name}"] = run
    return run


def check(name, what, *pairs):
    def enter(function):
        SECTIONS[name].append((what, pairs, function))
        return function
    return enter


def opened(c, stream=1, *more):
    """A gRPC call that stays open: its request does not end."""
    c.headers(stream, call("FullDuplexCall", *more), END_HEADERS)


def answered(c, stream=1):
    """A request that is answered in full."""
    c.headers(stream, request())
    assert c.expect_response(stream)[":status"] == "415"


def sends_connection_error(name, what, data, *codes):
    """Frames whose sending has to end the connection; `data` may be a function of the connection."""
    @check(name, what)
    def run(c):
        c.send(data(c) if callable(data) else data)
        c.expect_connection_error(*codes)


def sends_stream_error(name, what, fields, *codes):
    """A head that makes the stream fail."""
    @check(name, what)
    def run(c):
        c.headers(1, fields)
        c.expect_stream_error(1, *codes)


# RFC 9113 section 3.4

section("preface", "3.4 connection preface")


@check("preface", "the server's preface is SETTINGS")
def _(c):
    found = c.next()
    assert found.kind == SETTINGS and not found.flags & ACK


@check("preface", "the client's SETTINGS are acknowledged")
def _(c):
    assert c.until(lambda f: f.kind == SETTINGS and f.flags & ACK)


@check("preface", "a request behind the preface is answered")
def _(c):
    answered(c)


def sends_instead_of_preface(what, data, *codes):
    """Bytes in place of the preface and SETTINGS: the connection ends, by GOAWAY where it was HTTP/2 so far."""
    @check("preface", what)
    def run(c):
        with Connection(c.address, preface=False) as other:
            other.send(data)
            if codes:
                other.expect_connection_error(*codes)
            else:
                other.expect_end()


sends_instead_of_preface("no preface at all", b"INVALID CONNECTION PREFACE\r\n\r\n")
sends_instead_of_preface("a preface whose end is wrong", PREFACE[:18] + b"XX\r\n\r\n" + settings())
sends_instead_of_preface("a preface without SETTINGS behind it", PREFACE + frame(PING, 0, 0, b"\0" * 8), PROTOCOL_ERROR)


# Section 4

section("frames", "4.1 and 5.5 frame format and extensions")


@check("frames", "an unknown type is ignored")
def _(c):
    c.send(frame(0x16, 0xFF, 0, b"12345678"))
    c.expect_alive()


@check("frames", "undefined flags are ignored")
def _(c):
    c.send(frame(PING, 0x16, 0, b"undefine"))
    found = c.until(lambda f: f.kind == PING)
    assert found.flags & ACK and found.payload == b"undefine"


@check("frames", "the reserved bit is ignored")
def _(c):
    c.send(frame(PING, 0, 0x80000000, b"reserved"))
    found = c.until(lambda f: f.kind == PING)
    assert found.flags & ACK and found.payload == b"reserved"


sends_connection_error("frames", "an unknown type inside a header block",
                       lambda c: frame(HEADERS, END_STREAM, 1, c.block(request())[:3]) + frame(0x16, 0, 0, b"x"), PROTOCOL_ERROR)

section("frame_size", "4.2 frame size")


@check("frame_size", "DATA of 16,384 bytes is taken")
def _(c):
    opened(c)
    c.send(frame(DATA, 0, 1, message(b"\0" * 40000)[:16384]))
    c.expect_alive()


sends_connection_error("frame_size", "DATA over SETTINGS_MAX_FRAME_SIZE",
                       lambda c: frame(HEADERS, END_HEADERS, 1, c.block(call("FullDuplexCall"))) + frame(DATA, 0, 1, b"\0" * 16385),
                       FRAME_SIZE_ERROR)
sends_connection_error("frame_size", "HEADERS over SETTINGS_MAX_FRAME_SIZE",
                       lambda c: frame(HEADERS, END_HEADERS | END_STREAM, 1, c.block(request()) + b"\0" * 16385),
                       FRAME_SIZE_ERROR)

section("header_blocks", "4.3 field sections")
sends_connection_error("header_blocks", "a block that is no HPACK", frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x3f\xe1\x8f\xff\xff\xff\xff"), COMPRESSION_ERROR)
sends_connection_error("header_blocks", "PRIORITY inside a block",
                       lambda c: frame(HEADERS, END_STREAM, 1, c.block(request())) + frame(PRIORITY, 0, 1, b"\0\0\0\0\0"), PROTOCOL_ERROR)
sends_connection_error("header_blocks", "HEADERS of another stream inside a block",
                       lambda c: frame(HEADERS, END_STREAM, 1, c.block(request())) + frame(HEADERS, 5, 3, c.block(request())),
                       PROTOCOL_ERROR)


@check("header_blocks", "a block in three frames is one head")
def _(c):
    block = c.block(request())
    c.send(frame(HEADERS, END_STREAM, 1, block[:2]) + frame(CONTINUATION, 0, 1, block[2:4])
           + frame(CONTINUATION, END_HEADERS, 1, block[4:]))
    assert c.expect_response(1)[":status"] == "415"


# Section 5.1

section("stream_states", "5.1 stream states")
sends_connection_error("stream_states", "idle: DATA", frame(DATA, END_STREAM, 1, b"x"), PROTOCOL_ERROR)
sends_connection_error("stream_states", "idle: RST_STREAM", reset(1), PROTOCOL_ERROR)
sends_connection_error("stream_states", "idle: WINDOW_UPDATE", window_update(1, 100), PROTOCOL_ERROR)
sends_connection_error("stream_states", "idle: CONTINUATION",
                       lambda c: frame(CONTINUATION, END_HEADERS, 1, c.block(request())), PROTOCOL_ERROR)


@check("stream_states", "half closed (remote): DATA")
def _(c):
    c.headers(1, call("FullDuplexCall"))
    c.send(frame(DATA, END_STREAM, 1, b"x"))
    c.expect_stream_error(1, STREAM_CLOSED)


@check("stream_states", "half closed (remote): HEADERS")
def _(c):
    block = c.block(call("FullDuplexCall"))
    c.send(frame(HEADERS, 5, 1, block) + frame(HEADERS, 5, 1, c.block(call("FullDuplexCall"))))
    c.expect_stream_error(1, STREAM_CLOSED, PROTOCOL_ERROR)


@check("stream_states", "half closed (remote): CONTINUATION")
def _(c):
    c.headers(1, request())
    c.send(frame(CONTINUATION, END_HEADERS, 1, c.block(request())))
    c.expect_connection_error(STREAM_CLOSED, PROTOCOL_ERROR)


@check("stream_states", "closed by RST_STREAM: DATA does not reach anybody")
def _(c):
    opened(c)
    c.send(reset(1) + frame(DATA, END_STREAM, 1, b"x"))
    c.send(frame(PING, 0, 0, b"closed!!"))
    # STREAM_CLOSED, or ignored as RFC 9113 section 5.1 allows for frames that were under way.
    found = c.until(lambda f: f.kind in (RST_STREAM, GOAWAY, PING))
    assert found is None or found.kind == PING or found.code == STREAM_CLOSED, found


@check("stream_states", "closed by RST_STREAM: HEADERS")
def _(c):
    opened(c)
    c.send(reset(1) + frame(HEADERS, 5, 1, c.block(request())))
    c.expect_connection_error(STREAM_CLOSED, PROTOCOL_ERROR)


@check("stream_states", "closed: HEADERS")
def _(c):
    answered(c)
    c.headers(1, request())
    c.expect_connection_error(STREAM_CLOSED, PROTOCOL_ERROR)


@check("stream_states", "closed: CONTINUATION")
def _(c):
    answered(c)
    c.send(frame(CONTINUATION, END_HEADERS, 1, c.block(request())))
    c.expect_connection_error(STREAM_CLOSED, PROTOCOL_ERROR)


@check("stream_states", "half closed (remote): RST_STREAM ends the call")
def _(c):
    # StreamingOutputCallRequest { response_parameters { size: 1, interval_us: 10,000,000 } }: no answer for so long.
    c.headers(1, call("StreamingOutputCall"), END_HEADERS)
    c.send(frame(DATA, END_STREAM, 1, message(bytes([0x12, 7, 0x08, 1, 0x10, 0x80, 0xAD, 0xE2, 0x04]))) + reset(1))
    c.expect_alive()
    assert [f.kind for f in c.seen if f.stream == 1] == [], c.seen
    answered(c, 3)


@check("stream_states", "closed by RST_STREAM: CONTINUATION")
def _(c):
    opened(c)
    c.send(reset(1) + frame(CONTINUATION, END_HEADERS, 1, c.block(request())))
    c.expect_connection_error(STREAM_CLOSED, PROTOCOL_ERROR)


@check("stream_states", "closed by END_STREAM: DATA does not reach anybody")
def _(c):
    answered(c)
    c.send(frame(DATA, END_STREAM, 1, b"x"))
    c.send(frame(PING, 0, 0, b"closed!!"))
    # STREAM_CLOSED, or thrown away: we remember no stream that has ended, and cannot tell this from one under way.
    found = c.until(lambda f: f.kind in (GOAWAY, PING) or (f.kind == RST_STREAM and f.code != NO_ERROR))
    assert found is not None and (found.kind == PING or found.code == STREAM_CLOSED), found


@check("stream_states", "closed: WINDOW_UPDATE and RST_STREAM are ignored")
def _(c):
    answered(c)
    c.send(window_update(1, 100) + reset(1))
    c.expect_alive()


section("stream_numbers", "5.1.1 and 5.1.2 stream identifiers and concurrency")
sends_connection_error("stream_numbers", "an even number", lambda c: frame(HEADERS, 5, 2, c.block(request())), PROTOCOL_ERROR)
sends_connection_error("stream_numbers", "a number below one used before",
                       lambda c: frame(HEADERS, 5, 5, c.block(request())) + frame(HEADERS, 5, 3, c.block(request())), PROTOCOL_ERROR,
                       STREAM_CLOSED)


@check("stream_numbers", "a stream over SETTINGS_MAX_CONCURRENT_STREAMS is refused")
def _(c):
    told = dict(struct.iter_unpack(">HI", c.next().payload))
    allowed = told[MAX_CONCURRENT_STREAMS]
    assert 100 <= allowed <= 1000, allowed
    c.expect_alive()
    for number in range(allowed + 1):
        opened(c, 1 + 2 * number)
    c.expect_stream_error(1 + 2 * allowed, REFUSED_STREAM, PROTOCOL_ERROR)


@check("stream_numbers", "priorities of RFC 7540 are declined")
def _(c):
    assert dict(struct.iter_unpack(">HI", c.next().payload)).get(9) == 1


section("errors", "5.4 and 7 errors")


@check("errors", "GOAWAY comes before the end of the connection")
def _(c):
    c.send(frame(PING, 0, 1, b"\0" * 8))
    assert c.until(lambda f: f.kind == GOAWAY) is not None
    assert c.until(lambda f: False) is None


@check("errors", "an unknown code in RST_STREAM is no more than any other")
def _(c):
    opened(c)
    c.send(reset(1, 0xFF))
    c.expect_alive()


@check("errors", "an unknown code in GOAWAY is no more than any other")
def _(c):
    c.send(frame(GOAWAY, 0, 0, struct.pack(">II", 0, 0xFF)))
    c.send(frame(PING, 0, 0, b"goneaway"))
    found = c.until(lambda f: f.kind in (GOAWAY, PING))
    assert found is None or found.kind == PING or found.code == NO_ERROR


# Section 6

section("data", "6.1 DATA")
sends_connection_error("data", "on stream 0", frame(DATA, 0, 0, b"x"), PROTOCOL_ERROR)
sends_connection_error("data", "padding as long as the payload",
                       lambda c: frame(HEADERS, END_HEADERS, 1, c.block(call("FullDuplexCall"))) + frame(DATA, PADDED, 1, b"\x06hello"),
                       PROTOCOL_ERROR)


@check("data", "padding is taken off, and counts for flow control")
def _(c):
    c.headers(1, call("EmptyCall"), END_HEADERS)
    c.send(frame(DATA, PADDED | END_STREAM, 1, bytes([9]) + message(b"") + b"\0" * 9))
    answers, _, trailers = c.messages(1)
    assert len(answers) == 1 and trailers["grpc-status"] == "0"


section("headers", "6.2 HEADERS")
sends_connection_error("headers", "on stream 0", lambda c: frame(HEADERS, 5, 0, c.block(request())), PROTOCOL_ERROR)
sends_connection_error("headers", "padding longer than the payload",
                       lambda c: frame(HEADERS, 5 | PADDED, 1, b"\xff" + c.block(request())), PROTOCOL_ERROR)
sends_connection_error("headers", "a flag for priority without its bytes", frame(HEADERS, 5 | HAS_PRIORITY, 1, b"\0\0"),
                       FRAME_SIZE_ERROR, PROTOCOL_ERROR)


@check("headers", "padding and priority are taken off")
def _(c):
    c.send(frame(HEADERS, 5 | PADDED | HAS_PRIORITY, 1, b"\x04" + b"\0\0\0\0\x10" + c.block(request()) + b"\0" * 4))
    assert c.expect_response(1)[":status"] == "415"


section("priority", "6.3 PRIORITY")
sends_connection_error("priority", "on stream 0", frame(PRIORITY, 0, 0, b"\x80\0\0\1\xff"), PROTOCOL_ERROR)


def priority(stream, parent=0, weight=16, exclusive=False):
    return frame(PRIORITY, 0, stream, struct.pack(">IB", parent | exclusive << 31, weight - 1))


@check("priority", "on streams that are idle, open, half closed and closed")
def _(c):
    c.send(priority(1) + priority(9))
    opened(c, 3)
    c.headers(5, call("FullDuplexCall"))
    c.send(priority(3) + priority(5, 3))
    answered(c, 7)
    c.send(priority(7) + priority(1, 7))
    c.expect_alive()
    answered(c, 11)


@check("priority", "every weight, exclusive or not, on streams that are there or not")
def _(c):
    opened(c)
    c.send(b"".join(priority(1, parent, weight, exclusive) for parent in (0, 3) for weight in (1, 16, 256)
                    for exclusive in (False, True)))
    c.send(frame(HEADERS, 5 | HAS_PRIORITY, 3, struct.pack(">IB", 1 | 1 << 31, 255) + c.block(request())))
    assert c.expect_response(3)[":status"] == "415"


sends_connection_error("priority", "HEADERS that depend on their own stream",
                       lambda c: frame(HEADERS, 5 | HAS_PRIORITY, 1, struct.pack(">IB", 1, 15) + c.block(request())), PROTOCOL_ERROR)


@check("priority", "PRIORITY that depends on its own stream is as good as any: they are declined (RFC 9113 section 5.3.2)")
def _(c):
    opened(c)
    c.send(priority(1, 1))
    c.expect_alive()


@check("priority", "of another length than 5")
def _(c):
    opened(c)
    c.send(frame(PRIORITY, 0, 1, b"\x80\0\0\1"))
    c.expect_stream_error(1, FRAME_SIZE_ERROR)


section("rst_stream", "6.4 RST_STREAM")
sends_connection_error("rst_stream", "on stream 0", reset(0), PROTOCOL_ERROR)
sends_connection_error("rst_stream", "of another length than 4",
                       lambda c: frame(HEADERS, END_HEADERS, 1, c.block(call("FullDuplexCall"))) + frame(RST_STREAM, 0, 1, b"\0\0\0"),
                       FRAME_SIZE_ERROR)

section("settings", "6.5 SETTINGS")
sends_connection_error("settings", "an acknowledgement with a payload", settings((1, 4096), flags=ACK), FRAME_SIZE_ERROR)
sends_connection_error("settings", "on a stream", settings((1, 4096), stream=1), PROTOCOL_ERROR)
sends_connection_error("settings", "of a length that is no multiple of 6", frame(SETTINGS, 0, 0, b"\0\3\0"), FRAME_SIZE_ERROR)
sends_connection_error("settings", "ENABLE_PUSH of 2", settings((ENABLE_PUSH, 2)), PROTOCOL_ERROR)
sends_connection_error("settings", "INITIAL_WINDOW_SIZE over 2^31-1", settings((INITIAL_WINDOW_SIZE, 1 << 31)), FLOW_CONTROL_ERROR)
sends_connection_error("settings", "MAX_FRAME_SIZE below 16,384", settings((MAX_FRAME_SIZE, 16383)), PROTOCOL_ERROR)
sends_connection_error("settings", "MAX_FRAME_SIZE over 2^24-1", settings((MAX_FRAME_SIZE, 1 << 24)), PROTOCOL_ERROR)


@check("settings", "an unknown one is ignored", (0xFF, 1))
def _(c):
    c.expect_alive()


@check("settings", "each frame is acknowledged")
def _(c):
    c.send(settings((INITIAL_WINDOW_SIZE, 100), (INITIAL_WINDOW_SIZE, 1)) * 2)
    for _number in range(3):
        assert c.until(lambda f: f.kind == SETTINGS and f.flags & ACK)


section("push_promise", "8.4 PUSH_PROMISE")
sends_connection_error("push_promise", "from a client",
                       lambda c: frame(PUSH_PROMISE, END_HEADERS, 1, struct.pack(">I", 2) + c.block(request())), PROTOCOL_ERROR)

section("ping", "6.7 PING")


@check("ping", "is answered with its payload")
def _(c):
    c.expect_alive()


@check("ping", "an answer to nothing is not answered")
def _(c):
    c.send(frame(PING, ACK, 0, b"answered"))
    c.expect_alive()


sends_connection_error("ping", "on a stream", frame(PING, 0, 1, b"\0" * 8), PROTOCOL_ERROR)
sends_connection_error("ping", "of another length than 8", frame(PING, 0, 0, b"\0" * 6), FRAME_SIZE_ERROR)

section("goaway", "6.8 GOAWAY")
sends_connection_error("goaway", "on a stream", frame(GOAWAY, 0, 1, struct.pack(">II", 0, 0)), PROTOCOL_ERROR)


@check("goaway", "the calls that are open end well, and then the connection")
def _(c):
    opened(c)
    c.send(frame(GOAWAY, 0, 0, struct.pack(">II", 0, 0)) + frame(DATA, END_STREAM, 1))
    answers, _, trailers = c.messages(1)
    assert answers == [] and trailers["grpc-status"] == "0"


section("window_update", "6.9 WINDOW_UPDATE and flow control")
sends_connection_error("window_update", "of 0 on the connection", window_update(0, 0), PROTOCOL_ERROR)
sends_connection_error("window_update", "of another length than 4", frame(WINDOW_UPDATE, 0, 0, b"\0\0\1"), FRAME_SIZE_ERROR)
sends_connection_error("window_update", "over 2^31-1 on the connection", window_update(0, 0x7FFFFFFF) * 2, FLOW_CONTROL_ERROR)


@check("window_update", "of 0 on a stream")
def _(c):
    opened(c)
    c.send(window_update(1, 0))
    c.expect_stream_error(1, PROTOCOL_ERROR)


@check("window_update", "over 2^31-1 on a stream")
def _(c):
    opened(c)
    c.send(window_update(1, 0x7FFFFFFF) * 2)
    c.expect_stream_error(1, FLOW_CONTROL_ERROR)


def large_response(c):
    # StreamingOutputCallRequest { response_parameters { size: 1000 } }
    c.headers(1, call("StreamingOutputCall"), END_HEADERS)
    c.send(frame(DATA, END_STREAM, 1, message(bytes([0x12, 3, 0x08, 0xE8, 0x07]))))


@check("window_update", "a window of one byte is kept to", (INITIAL_WINDOW_SIZE, 1))
def _(c):
    large_response(c)
    found = c.until(lambda f: f.kind == DATA)
    assert len(found.payload) == 1, found
    c.expect_alive()
    assert sum(len(f.payload) for f in c.seen if f.kind == DATA) == 1


@check("window_update", "SETTINGS change the window of open streams", (INITIAL_WINDOW_SIZE, 0))
def _(c):
    large_response(c)
    c.expect_alive()
    assert not [f for f in c.seen if f.kind == DATA]
    c.send(settings((INITIAL_WINDOW_SIZE, 1)))
    assert len(c.until(lambda f: f.kind == DATA).payload) == 1


@check("window_update", "a window may be negative", (INITIAL_WINDOW_SIZE, 3))
def _(c):
    large_response(c)
    assert len(c.until(lambda f: f.kind == DATA).payload) == 3
    c.send(settings((INITIAL_WINDOW_SIZE, 2)) + window_update(1, 1))
    c.expect_alive()
    assert sum(len(f.payload) for f in c.seen if f.kind == DATA) == 3
    c.send(window_update(1, 2))
    assert len(c.until(lambda f: f.kind == DATA).payload) == 2


@check("window_update", "more than our window on a stream ends it")
def _(c):
    # StreamingOutputCallRequest { response_parameters { size: 1, interval_us: 10,000,000 } }: nobody reads for so long.
    c.headers(1, call("FullDuplexCall"), END_HEADERS)
    c.send(frame(DATA, 0, 1, message(bytes([0x12, 7, 0x08, 1, 0x10, 0x80, 0xAD, 0xE2, 0x04]))))
    c.expect_alive()
    c.send(frame(DATA, 0, 1, b"\0" * 16384) * 32)
    c.expect_stream_error(1, FLOW_CONTROL_ERROR)


@check("window_update", "padding does not give back the window that payload has used")
def _(c):
    c.headers(1, call("FullDuplexCall"), END_HEADERS)
    c.send(frame(DATA, 0, 1, message(bytes([0x12, 7, 0x08, 1, 0x10, 0x80, 0xAD, 0xE2, 0x04]))))
    c.expect_alive()
    c.send(frame(DATA, PADDED, 1, b"\xff" + b"\0" * 511) * 1200)
    c.expect_stream_error(1, FLOW_CONTROL_ERROR)


section("continuation", "6.10 CONTINUATION")
sends_connection_error("continuation", "on stream 0",
                       lambda c: frame(HEADERS, END_STREAM, 1, c.block(request())) + frame(CONTINUATION, END_HEADERS, 0, b""), PROTOCOL_ERROR)
sends_connection_error("continuation", "behind a block that has ended",
                       lambda c: frame(HEADERS, 5, 1, c.block(request())) + frame(CONTINUATION, END_HEADERS, 1, c.block(request())),
                       PROTOCOL_ERROR)
sends_connection_error("continuation", "behind a CONTINUATION that has ended the block",
                       lambda c: frame(HEADERS, END_STREAM, 1, b"") + frame(CONTINUATION, END_HEADERS, 1, c.block(request()))
                       + frame(CONTINUATION, END_HEADERS, 1, b""), PROTOCOL_ERROR)
sends_connection_error("continuation", "behind DATA",
                       lambda c: frame(HEADERS, END_HEADERS, 1, c.block(call("FullDuplexCall"))) + frame(DATA, 0, 1, b"x")
                       + frame(CONTINUATION, END_HEADERS, 1, c.block(request())), PROTOCOL_ERROR)
sends_connection_error("continuation", "DATA inside a block",
                       lambda c: frame(HEADERS, END_STREAM, 1, c.block(request())) + frame(DATA, 0, 1, b"x"), PROTOCOL_ERROR)

# Section 8

section("requests", "8.1 to 8.3 HTTP in frames")
sends_stream_error("requests", "a name in upper case", request("/", "GET", ("X-Upper", "a")), PROTOCOL_ERROR)
sends_stream_error("requests", "an unknown pseudo-header", request("/", "GET", (":unknown", "a")), PROTOCOL_ERROR)
sends_stream_error("requests", "a pseudo-header of responses", request("/", "GET", (":status", "200")), PROTOCOL_ERROR)
sends_stream_error("requests", "a pseudo-header behind a field", [("x-a", "a"), *request()], PROTOCOL_ERROR)
sends_stream_error("requests", "a field of the connection", request("/", "GET", ("connection", "keep-alive")), PROTOCOL_ERROR)
sends_stream_error("requests", "transfer-encoding", request("/", "GET", ("transfer-encoding", "chunked")), PROTOCOL_ERROR)
sends_stream_error("requests", "te other than trailers", request("/", "GET", ("te", "trailers, deflate")), PROTOCOL_ERROR)
sends_stream_error("requests", "an empty :path", request(""), PROTOCOL_ERROR)
for missing in (":method", ":scheme", ":path"):
    sends_stream_error("requests", f"no {missing}", [f for f in request() if f[0] != missing], PROTOCOL_ERROR)
for doubled in (":method", ":scheme", ":path"):
    sends_stream_error("requests", f"two of {doubled}", [request()[[f[0] for f in request()].index(doubled)], *request()],
                       PROTOCOL_ERROR)


@check("requests", "a second head without END_STREAM")
def _(c):
    opened(c)
    c.headers(1, [("x-trailer", "a")], END_HEADERS)
    c.expect_stream_error(1, PROTOCOL_ERROR)


@check("requests", "a pseudo-header in trailers")
def _(c):
    opened(c)
    c.headers(1, [(":method", "POST")], END_HEADERS | END_STREAM)
    c.expect_stream_error(1, PROTOCOL_ERROR)


@check("requests", "a content-length that the body does not have")
def _(c):
    opened(c, 1, ("content-length", "1"))
    c.send(frame(DATA, END_STREAM, 1, message(b"")))
    c.expect_stream_error(1, PROTOCOL_ERROR)


@check("requests", "a content-length that several frames do not have")
def _(c):
    opened(c, 1, ("content-length", "1"))
    c.send(frame(DATA, 0, 1, message(b"")) + frame(DATA, END_STREAM, 1, message(b"")))
    c.expect_stream_error(1, PROTOCOL_ERROR)


@check("requests", "trailers end a request")
def _(c):
    c.headers(1, call("EmptyCall"), END_HEADERS)
    c.send(frame(DATA, 0, 1, message(b"")))
    c.headers(1, [("x-trailer", "a")])
    answers, _, trailers = c.messages(1)
    assert len(answers) == 1 and trailers["grpc-status"] == "0"


@check("requests", "HEAD, POST and OPTIONS are answered")
def _(c):
    for number, method in enumerate(("HEAD", "POST", "OPTIONS")):
        c.headers(1 + 2 * number, request("/", method))
        assert int(c.expect_response(1 + 2 * number)[":status"]) >= 200


# RFC 7541

section("hpack", "RFC 7541: HPACK")
sends_connection_error("hpack", "an index beyond the tables", lambda c: frame(HEADERS, 5, 1, c.block(request()) + b"\xff\x80\x01"),
                       COMPRESSION_ERROR)
sends_connection_error("hpack", "an index of 0", lambda c: frame(HEADERS, 5, 1, b"\x80" + c.block(request())), COMPRESSION_ERROR)
sends_connection_error("hpack", "a size update behind a field", lambda c: frame(HEADERS, 5, 1, c.block(request()) + b"\x20"),
                       COMPRESSION_ERROR)
sends_connection_error("hpack", "a size update over SETTINGS_HEADER_TABLE_SIZE",
                       lambda c: frame(HEADERS, 5, 1, b"\x3f\xe2\x1f" + c.block(request())), COMPRESSION_ERROR)
sends_connection_error("hpack", "EOS inside a Huffman string",
                       lambda c: frame(HEADERS, 5, 1, c.block(request()) + b"\x00\x85\xf2\xb2\x4a\x87\xff\xff\xff\xfd\x25\x42\x7f"),
                       COMPRESSION_ERROR)
sends_connection_error("hpack", "Huffman padding of more than 7 bits",
                       lambda c: frame(HEADERS, 5, 1, c.block(request()) + b"\x00\x85\xf2\xb2\x4a\x84\xff\x84\x49\x50\x9f\xff"),
                       COMPRESSION_ERROR)
sends_connection_error("hpack", "Huffman padding that is not of ones",
                       lambda c: frame(HEADERS, 5, 1, c.block(request()) + b"\x00\x85\xf2\xb2\x4a\x84\xff\x83\x49\x50\x90"),
                       COMPRESSION_ERROR)


for kind, prefix in (("indexed", b"\x7f\x81\x01"), ("not indexed", b"\x0f\xb1\x01"), ("never indexed", b"\x1f\xb1\x01")):
    sends_connection_error("hpack", f"a literal, {kind}, with a name beyond the tables",
                           lambda c, prefix=prefix: frame(HEADERS, 5, 1, c.block(request()) + prefix + b"\x01a"), COMPRESSION_ERROR)


@check("hpack", "size updates at the start of a block")
def _(c):
    for number, update in enumerate((b"\x20", b"\x3f\xe1\x1f", b"\x20\x3f\xe1\x1f", b"\x3f\x01")):
        # Nothing of the table may be used behind an update to 0.
        block = Encoder().encode(request())
        c.send(frame(HEADERS, 5, 1 + 2 * number, update + block))
        assert c.expect_response(1 + 2 * number)[":status"] == "415", update


@check("hpack", "names and values in Huffman's code, or plain")
def _(c):
    for number, huffman in enumerate((True, False)):
        fields = request("/", "GET", ("x-" + "n" * 200, "v" * 200), ("x-all", "".join(map(chr, range(33, 127)))))
        c.send(frame(HEADERS, 5, 1 + 2 * number, Encoder().encode(fields, huffman=huffman)))
        assert c.expect_response(1 + 2 * number)[":status"] == "415"


@check("hpack", "fields that are indexed, literal, and never indexed")
def _(c):
    c.send(frame(HEADERS, 5, 1, b"\x82\x86\x84\x41\x04test" + b"\x40\x03x-a\x01b" + b"\x00\x03x-c\x01d" + b"\x10\x03x-e\x01f"
                 + b"\xbe"))
    assert c.expect_response(1)[":status"] == "415"


for name, checks in SECTIONS.items():
    run = globals()[f"case_{name}"]
    run.__doc__ = run.__doc__.format(len(checks))
