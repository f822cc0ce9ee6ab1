"""Rules of gRPC over HTTP/2 (PROTOCOL-HTTP2, A6, A8, A9) on our server's wire, seen as frames."""
import base64
import signal
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "grpc_official"))

from fleet import Fleet
from interop_peer import InteropPeer, official_python
from raw_http2 import *  # noqa: F403  the names of frames, flags and codes


def connected(binary, function, *options):
    with InteropPeer(binary, *options) as peer, Connection(peer.address) as connection:
        return function(connection)


def unary(c, stream, body, *more, method="UnaryCall", fields=None):
    """A whole unary call; (messages, head, trailers)."""
    c.headers(stream, fields or call(method, *more), END_HEADERS)
    c.send(frame(DATA, END_STREAM, stream, body))
    return c.messages(stream)


def status_request(code, text):
    messages = official_python()[0]
    return message(messages.SimpleRequest(response_status=messages.EchoStatus(code=code, message=text)).SerializeToString())


def case_trailers_only(binary):
    """An immediate error is one HEADERS frame with END_STREAM; grpc-message is percent-encoded, upper-case."""
    def run(c):
        c.headers(1, call("UnaryCall"), END_HEADERS)
        c.send(frame(DATA, END_STREAM, 1, status_request(5, "bäd %25 id\n")))
        found = c.until(lambda f: f.stream == 1)
        assert found.kind == HEADERS and found.flags & END_STREAM, found
        fields = c.decoder.decode(found.payload)
        assert [name for name, _ in fields][0] == ":status"
        fields = dict(fields)
        assert fields[":status"] == "200" and fields["content-type"].startswith("application/grpc")
        assert fields["grpc-status"] == "5" and fields["grpc-message"] == "b%C3%A4d %2525 id%0A", fields
    connected(binary, run)


def case_status_is_always_sent(binary):
    """grpc-status 0 stands in the trailers of a call that ends well."""
    def run(c):
        answers, head, trailers = unary(c, 1, message(b""), method="EmptyCall")
        assert len(answers) == 1 and trailers["grpc-status"] == "0" and "grpc-status" not in head
    connected(binary, run)


def case_foreign_requests(binary):
    """No gRPC content type is 415; no te: trailers, a malformed timeout, another method than POST are refused."""
    def run(c):
        c.headers(1, request("/", "POST", ("content-type", "text/plain")))
        assert c.expect_response(1)[":status"] == "415"
        c.headers(3, [f for f in call("EmptyCall") if f[0] != "te"])
        assert c.expect_response(3)["grpc-status"] == "13"
        for number, timeout in enumerate(("1", "S", "123456789S", "-1S", "1.5S", "1x")):
            c.headers(5 + 2 * number, call("EmptyCall", ("grpc-timeout", timeout)))
            assert c.expect_response(5 + 2 * number)["grpc-status"] == "13", timeout
        c.headers(31, [(n, "PUT" if n == ":method" else v) for n, v in call("EmptyCall")])
        assert c.expect_response(31)[":status"] == "405"
    connected(binary, run)


def case_binary_metadata(binary):
    """-bin values come padded or not and joined by commas; they leave unpadded."""
    def run(c):
        name = "x-grpc-test-echo-trailing-bin"
        for number, value in enumerate(("qw", "qw==", "qw,zQ==")):
            _, _, trailers = unary(c, 1 + 2 * number, message(b""), (name, value))
            assert trailers[name] == "qw", trailers
        _, _, trailers = unary(c, 9, message(b""), (name, base64.b64encode(bytes(range(256))).decode()))
        assert trailers[name] == base64.b64encode(bytes(range(256))).decode().rstrip("=")
        c.headers(11, call("UnaryCall", (name, "*")))
        assert c.expect_response(11)["grpc-status"] == "13"
    connected(binary, run)


def case_messages(binary):
    """Framing: unknown encodings, undeclared and broken compression, flags, cuts, cardinality, nonsense, limits, bombs."""
    def run(c):
        stream = iter(range(1, 1000, 2))
        _, _, trailers = unary(c, next(stream), message(b""), ("grpc-encoding", "snappy"))
        assert trailers["grpc-status"] == "12" and "gzip" in trailers["grpc-accept-encoding"], trailers
        gzip = ("grpc-encoding", "gzip")
        bomb = message(b"\0" * (64 << 20), compressed=True)
        for what, body, more, code in (
            ("a flag without an encoding", message(b"", compressed=True), (), "13"),
            ("a flag of 2", b"\2" + message(b"")[1:], (), "13"),
            ("no gzip", b"\1" + message(b"nonsense")[1:], (gzip,), "13"),
            ("an end inside a message", message(b"x" * 100)[:50], (), "13"),
            ("no message", b"", (), "12"),
            ("two messages", message(b"") * 2, (), "12"),
            ("no protobuf", message(b"\xff\xff\xff"), (), "13"),
            ("more than 4 MiB", struct.pack(">BI", 0, (4 << 20) + 1), (), "8"),
            ("a bomb", bomb, (gzip,), "8"),
        ):
            number = next(stream)
            c.headers(number, call("UnaryCall", *more), END_HEADERS)
            for start in range(0, max(1, len(body)), 16384):
                last = start + 16384 >= len(body)
                c.send(frame(DATA, END_STREAM if last else 0, number, body[start:start + 16384]))
            _, _, trailers = c.messages(number)
            assert trailers["grpc-status"] == code, f"{what}: {trailers}"
        # DATA frames need not keep to messages.
        number, body = next(stream), message(b"")
        c.headers(number, call("EmptyCall"), END_HEADERS)
        for at, byte in enumerate(body):
            c.send(frame(DATA, END_STREAM if at == len(body) - 1 else 0, number, bytes([byte])))
        assert c.messages(number)[2]["grpc-status"] == "0"
    connected(binary, run)


def case_large_metadata(binary):
    """Metadata over 8 KiB is RESOURCE_EXHAUSTED; the connection goes on."""
    def run(c):
        c.headers(1, call("EmptyCall", ("x-large", "x" * 9000)))
        assert c.expect_response(1)["grpc-status"] == "8"
        block = c.block(call("EmptyCall", ("x-larger", "y" * 30000)))
        c.send(frame(HEADERS, END_STREAM, 3, block[:16000]) + frame(CONTINUATION, END_HEADERS, 3, block[16000:]))
        c.expect_stream_error(3, ENHANCE_YOUR_CALM)
        assert unary(c, 5, message(b""), method="EmptyCall")[2]["grpc-status"] == "0"
    connected(binary, run)


def case_early_end(binary):
    """A server that is done first sends its trailers and then RST_STREAM NO_ERROR."""
    def run(c):
        c.headers(1, call("StreamingInputCall"), END_HEADERS)
        messages = official_python()[0]
        wrong = messages.StreamingInputCallRequest(expect_compressed=messages.BoolValue(value=True))
        c.send(frame(DATA, 0, 1, message(wrong.SerializeToString())))
        found = c.until(lambda f: f.stream == 1)
        assert found.kind == HEADERS and found.flags & END_STREAM
        found = c.until(lambda f: f.stream == 1)
        assert found.kind == RST_STREAM and found.code == NO_ERROR, found
    connected(binary, run)


def case_deadline(binary):
    """The server ends a call whose grpc-timeout is over, with DEADLINE_EXCEEDED or RST_STREAM CANCEL."""
    def run(c):
        start = time.monotonic()
        c.headers(1, call("FullDuplexCall", ("grpc-timeout", "100m")), END_HEADERS)
        found = c.until(lambda f: f.stream == 1)
        took = time.monotonic() - start
        assert 0.09 < took < 1.5, took
        if found.kind == RST_STREAM:
            assert found.code == CANCEL
        else:
            assert dict(c.decoder.decode(found.payload))["grpc-status"] == "4"
    connected(binary, run)


def case_ping_strikes(binary):
    """Keepalive (A8): the fourth PING on a quiet connection is GOAWAY too_many_pings; beside traffic none is counted."""
    def run(c):
        c.expect_alive()
        for number in range(20):
            c.expect_alive()
            assert unary(c, 1 + 2 * number, message(b""), method="EmptyCall")[2]["grpc-status"] == "0"
        for _number in range(3):
            c.expect_alive()
        c.send(frame(PING, 0, 0, b"\0" * 8))
        found = c.until(lambda f: f.kind == GOAWAY)
        assert found.code == ENHANCE_YOUR_CALM and found.payload[8:] == b"too_many_pings", found.payload
        assert c.until(lambda f: False) is None
    connected(binary, run)


def case_keepalive(binary):
    """A client that is silent has to answer a PING: one that does goes on, one that does not is cut off."""
    options = ("--keepalive-interval", "200", "--keepalive-timeout", "200")
    with InteropPeer(binary, *options) as peer, Connection(peer.address) as dumb, Connection(peer.address) as alive:
        dumb.headers(1, call("FullDuplexCall"), END_HEADERS)
        alive.headers(1, call("FullDuplexCall"), END_HEADERS)
        for _number in range(4):
            ping = alive.until(lambda f: f.kind == PING)
            alive.send(frame(PING, ACK, 0, ping.payload))
        alive.expect_alive()
        assert dumb.until(lambda f: False) is None and [f.kind for f in dumb.seen].count(PING) == 1, dumb.seen
    with InteropPeer(binary, *options) as peer, Connection(peer.address) as busy:
        # Traffic is a sign of life too: nobody asks.
        for number in range(30):
            assert unary(busy, 1 + 2 * number, message(b""), method="EmptyCall")[2]["grpc-status"] == "0"
            time.sleep(0.02)
        assert PING not in [f.kind for f in busy.seen]


def case_connection_idle(binary):
    """MAX_CONNECTION_IDLE: a connection without a stream is drained with GOAWAY max_idle, one with a stream is not."""
    with InteropPeer(binary, "--connection-idle", "300") as peer, Connection(peer.address) as idle, \
            Connection(peer.address) as busy:
        start = time.monotonic()
        busy.headers(1, call("FullDuplexCall"), END_HEADERS)
        first = idle.until(lambda f: f.kind == GOAWAY)
        assert 0.25 < time.monotonic() - start < 1.5
        ping = idle.until(lambda f: f.kind == PING)
        idle.send(frame(PING, ACK, 0, ping.payload))
        second = idle.until(lambda f: f.kind == GOAWAY)
        assert first.code == second.code == NO_ERROR and second.payload[8:] == b"max_idle", second.payload
        assert idle.until(lambda f: False) is None
        busy.expect_alive()


def case_stalled_stream(binary):
    """A stream whose bytes nobody takes is reset with CANCEL; another on its connection, which is read, goes on."""
    messages = official_python()[0]
    asked = messages.StreamingOutputCallRequest(response_parameters=[messages.ResponseParameters(size=100)])
    body = message(asked.SerializeToString())
    with InteropPeer(binary, "--stall-deadline", "400") as peer, \
            Connection(peer.address, (INITIAL_WINDOW_SIZE, 0)) as c:
        start = time.monotonic()
        c.headers(1, call("StreamingOutputCall"), END_HEADERS)
        c.send(frame(DATA, END_STREAM, 1, body))
        c.headers(3, call("FullDuplexCall"), END_HEADERS)
        while RST_STREAM not in [f.kind for f in c.seen]:
            assert time.monotonic() - start < 3, "nothing is reset"
            c.send(frame(DATA, 0, 3, body) + window_update(3, 200))
            c.until(lambda f: f.kind in (DATA, RST_STREAM))
            time.sleep(0.01)
        stalled = [f for f in c.seen if f.kind == RST_STREAM]
        assert [(f.stream, f.code) for f in stalled] == [(1, CANCEL)], stalled
        assert time.monotonic() - start > 0.35
        c.send(frame(DATA, END_STREAM, 3, body) + window_update(3, 10000))
        assert c.messages(3)[2]["grpc-status"] == "0"


def drained(c, started):
    """Reads the two GOAWAYs of an old connection; the seconds until the first."""
    first = c.until(lambda f: f.kind == GOAWAY)
    took = time.monotonic() - started
    assert first.code == NO_ERROR and struct.unpack(">I", first.payload[:4])[0] == (1 << 31) - 1, first.payload
    ping = c.until(lambda f: f.kind == PING)
    c.send(frame(PING, ACK, 0, ping.payload))
    second = c.until(lambda f: f.kind == GOAWAY)
    assert second.code == NO_ERROR and struct.unpack(">I", second.payload[:4])[0] == 1, second.payload
    assert second.payload[8:] == b"max_age", second.payload
    return took


def case_connection_age(binary):
    """MAX_CONNECTION_AGE (A9): notice, round trip, GOAWAY max_age with the last stream; open calls end well."""
    def run(c):
        start = time.monotonic()
        c.headers(1, call("FullDuplexCall"), END_HEADERS)
        drained(c, start)
        messages = official_python()[0]
        request = messages.StreamingOutputCallRequest(response_parameters=[messages.ResponseParameters(size=10)])
        c.send(frame(DATA, END_STREAM, 1, message(request.SerializeToString())))
        answers, _, trailers = c.messages(1)
        assert len(answers) == 1 and trailers["grpc-status"] == "0"
        assert c.until(lambda f: f.kind == GOAWAY) is None and c.closed, "the connection goes on"
    connected(binary, run, "--connection-age", "300", "--connection-age-grace", "20000")


def case_connection_age_grace(binary):
    """A call that goes on beyond MAX_CONNECTION_AGE_GRACE is ended with its connection; ages have jitter of a tenth."""
    with InteropPeer(binary, "--connection-age", "1000", "--connection-age-grace", "300") as peer:
        connections = [Connection(peer.address) for _ in range(12)]
        start = time.monotonic()
        for c in connections:
            c.headers(1, call("FullDuplexCall"), END_HEADERS)
        ages, ends = [], []
        import threading

        def follow(c):
            try:
                ages.append(drained(c, start))
                told = time.monotonic()
                assert c.until(lambda f: False) is None
                ends.append(time.monotonic() - told)
            except AssertionError as error:
                ends.append(error)

        threads = [threading.Thread(target=follow, args=(c,)) for c in connections]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(ages) == len(connections), ends
        assert all(0.85 < age < 1.6 for age in ages) and max(ages) - min(ages) > 0.02, ages
        assert all(isinstance(end, float) and 0.2 < end < 1.5 for end in ends), ends


def case_connection_age_loses_nothing(binary):
    """A grpcio client whose connections are drained again and again has every call answered."""
    import grpc
    _, empty, services = official_python()
    with InteropPeer(binary, "--connection-age", "150") as peer, grpc.insecure_channel(peer.address) as channel:
        stub, end, calls = services.TestServiceStub(channel), time.monotonic() + 2, 0
        while time.monotonic() < end:
            stub.EmptyCall(empty.Empty(), timeout=5)
            calls += 1
        assert calls > 100, calls


def case_client_kept_off_compression(binary):
    """A message that came compressed is told from one that did not, whatever the call declares."""
    messages = official_python()[0]

    def run(c):
        stream = iter(range(1, 100, 2))
        for compressed in (True, False):
            for expected in (True, False):
                body = messages.SimpleRequest(expect_compressed=messages.BoolValue(value=expected)).SerializeToString()
                _, _, trailers = unary(c, next(stream), message(body, compressed), ("grpc-encoding", "gzip"))
                assert trailers["grpc-status"] == ("0" if compressed == expected else "3"), trailers
    connected(binary, run)


def case_control_leaves(binary):
    """SIGTERM: control says NOT_SERVING to Check and Watch while it still answers, then GOAWAY, and ends."""
    import grpc

    # HealthCheckResponse { status: SERVING or NOT_SERVING }, HealthCheckRequest { service }
    serving, leaving = b"\x08\x01", b"\x08\x02"
    whole, service = b"", b"\x0a\x1dsluice.v1.DistributionService"

    def check(channel, asked):
        return channel.unary_unary("/grpc.health.v1.Health/Check")(asked, timeout=5)

    with Fleet(binary, plaintext=True) as fleet:
        control = fleet.start_control()
        address = fleet.listens["control"]
        with grpc.insecure_channel(address) as channel, Connection(address, seconds=10) as raw:
            assert check(channel, whole) == serving
            watches = [channel.unary_stream("/grpc.health.v1.Health/Watch")(asked, timeout=20) for asked in (whole, service)]
            assert [next(watch) for watch in watches] == [serving] * 2
            raw.expect_alive()
            control.popen.send_signal(signal.SIGTERM)
            assert [next(watch) for watch in watches] == [leaving] * 2
            assert check(channel, whole) == leaving
            # One that comes only now is served too: the port is still open.
            with grpc.insecure_channel(address) as late:
                assert check(late, service) == leaving
            found = raw.until(lambda f: f.kind == GOAWAY)
            assert found is not None and found.code == NO_ERROR, found
            assert raw.until(lambda f: False) is None
        assert control.popen.wait(10) == 0
