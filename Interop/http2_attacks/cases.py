"""HTTP/2 and HTTP/1.1 attacks over sockets, against our listener and against control with TLS: each is cut off within a
second, memory stays flat, and another client's calls keep their pace."""
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from attacks import ATTACKS, BODY_GRACE, PREFACE_DEADLINE, STALL_DEADLINE
from fleet import Fleet
from interop_peer import InteropPeer, memory_of, official_python
from raw_http2 import *  # noqa: F403  the names of frames, flags and codes

CUT_OFF = 1.0          # seconds until the attacker's connection is ended
# What the server may grow by once it has been attacked before, attackers that follow each other included.
MEMORY_MIB = 16
# Each of these may have connectionWriteHighWater, 8 MiB, queued; the last ones are not quite gone when the next are there.
MEMORY_OF = {"zero_window_reader": 48}
# Seconds: a p99 below this is as good as quiet, in a debug build on a slow machine.
FLOOR = 0.002
HALF_OPEN_FLOOR = 0.01  # the same for the slowest but one of 150 calls, while this program opens and closes connections itself
LONGEST = 0.5          # seconds that the slowest of all calls may take, on a machine whose host takes some away, too
ROUNDS, CALLS = 3, 150
# What needs no call that stays open, for a server without one that anybody may make.
WITHOUT_CALLS = (
    "rapid_reset", "made_you_reset_by_zero", "made_you_reset_by_length", "continuation_flood", "empty_continuation_flood",
    "ping_flood", "settings_flood", "empty_settings_flood", "priority_flood", "unknown_frame_flood", "hpack_bomb", "slow_preface",
    "preface_without_settings",
)


def timed(client, empty):
    start = time.monotonic()
    client(empty, timeout=10)
    return time.monotonic() - start


def percentile(times):
    return sorted(times)[int(len(times) * 0.99)]


def quiet_percentile(client, empty):
    return percentile([timed(client, empty) for _ in range(CALLS)])


@contextlib.contextmanager
def on_one_processor():
    """Servers and clients that start inside share a processor, and leave the others to attackers: those have machines of their
    own in truth."""
    all_of_them = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(all_of_them)})
    try:
        yield sorted(all_of_them)[1:] or all_of_them
    finally:
        os.sched_setaffinity(0, all_of_them)


def attacking(name, address, seconds, tls, processors):
    return subprocess.Popen(
        ["taskset", "-c", ",".join(map(str, processors)), sys.executable, "-B", str(HERE / "attacks.py"), name, address,
         str(seconds), "tls" if tls else ""], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(attacker):
    """How long the slowest of its attacks went on."""
    said, failed = attacker.communicate()
    assert attacker.returncode == 0, failed.strip().split("\n")[-1]
    return json.loads(said)["slowest"]


def attacked(name, address, decoy, memory, client, empty, processors, rounds=ROUNDS, tls=False):
    """Attacks over and over while `client` calls. Quiet is a server when another one on its processor is attacked: what is left
    is what the attack does to those who share the server with it. The first attacks warm the servers up."""
    alone = max(ended(attacking(name, server, 0.1, tls, processors)) for server in (address, decoy))
    quiet, loud, cuts, before, most, longest = [], [], [], memory(), 0, 0
    for _ in range(rounds):
        for server, percentiles in ((decoy, quiet), (address, loud)):
            attacker = attacking(name, server, 0.6, tls, processors)
            during = []
            while attacker.poll() is None:
                during.append(timed(client, empty))
                if len(during) % 50 == 0:
                    most = max(most, memory())
            cuts.append(ended(attacker))
            percentiles.append(percentile(during))
            longest = max(longest, *during)
    cut, grown = max(cuts), most - before
    usual, worst = statistics.median(quiet), statistics.median(loud)
    print(f"   {name}: cut off after {cut * 1000:.0f} ms; {grown:.1f} MiB more; p99 {worst * 1000:.1f} ms, quiet {usual * 1000:.1f}, "
          f"longest {longest * 1000:.0f}", file=sys.stderr)
    assert alone <= CUT_OFF, f"cut off after {alone:.2f} s"
    # The client takes half of the servers' one processor.
    assert cut <= 2 * CUT_OFF, f"cut off after {cut:.2f} s beside a client"
    assert grown <= MEMORY_OF.get(name, MEMORY_MIB), f"memory grew by {grown:.0f} MiB"
    assert worst <= max(2 * usual, FLOOR), f"p99 {worst * 1000:.1f} ms, {usual * 1000:.1f} ms when quiet"
    assert longest <= LONGEST, f"a call took {longest * 1000:.0f} ms"


def attack_peer(name, binary):
    import grpc
    _, empty, services = official_python()
    options = ("--preface-deadline", str(int(PREFACE_DEADLINE * 1000)), "--stall-deadline", str(int(STALL_DEADLINE * 1000)),
               "--body-grace", str(int(BODY_GRACE * 1000)), "--web", "yes")
    with (on_one_processor() as others, InteropPeer(binary, *options) as peer, InteropPeer(binary, *options) as decoy,
          grpc.insecure_channel(peer.address) as channel):
        client = services.TestServiceStub(channel).EmptyCall
        quiet_percentile(client, empty.Empty())
        attacked(name, peer.address, decoy.address, peer.memory, client, empty.Empty(), others)


def make(name):
    def run(binary):
        attack_peer(name, binary)
    run.__doc__ = f"{name.replace('_', ' ')}: cut off in a second, memory flat, others undisturbed"
    globals()[f"case_{name}"] = run


for attack_name in ATTACKS:
    make(attack_name)


def health(channel):
    """A call of grpc.health.v1 that anybody may make, and its request, without generated code."""
    return channel.unary_unary("/grpc.health.v1.Health/Check", request_serializer=bytes, response_deserializer=bytes), b""


def case_control_over_tls(binary):
    """The attacks that need no open call, against sluice control over TLS: cut off, memory flat, others undisturbed."""
    with on_one_processor() as others, Fleet(binary) as fleet, Fleet(binary) as decoy:
        started = [one.launch("control", ["control", "--data", f"{one.root}/control", "--listen", "LISTEN",
                                          "--http2-preface-deadline", f"{int(PREFACE_DEADLINE * 1000)}ms"])
                   for one in (fleet, decoy)]
        failed = []
        with fleet.channel() as channel:
            client, request = health(channel)
            quiet_percentile(client, request)
            for name in WITHOUT_CALLS:
                try:
                    attacked(name, fleet.listens["control"], decoy.listens["control"], lambda: memory_of(started[0].popen.pid),
                             client, request, others, rounds=1, tls=True)
                except AssertionError as error:
                    failed.append(f"{name}: {error}")
        assert not failed, "; ".join(failed)


def case_refused_bodies(binary):
    """1,000 calls of 1 KiB that control refuses, each in another way, on one connection; then a good one."""
    with Fleet(binary) as fleet:
        fleet.start_control()
        with Connection(fleet.listens["control"], tls=True) as c:
            kinds = [
                request("/sluice.v1.OriginService/ListOrigins", "POST", ("content-type", "application/grpc"), ("te", "trailers")),
                call("UnaryCall"), request("/grpc.health.v1.Health/Check", "POST", ("content-type", "text/plain")),
                request("/sluice.v1.OriginService/ListOrigins", "POST", ("content-type", "application/json")),
            ]
            def exchanged(stream, fields, body):
                c.headers(stream, fields, END_HEADERS)
                c.send(frame(DATA, END_STREAM, stream, body))
                found = c.until(lambda f: f.kind == GOAWAY or (f.stream == stream and f.kind == HEADERS))
                assert found is not None and found.kind == HEADERS, f"request {stream}: {found and (found.code, found.payload)}"

            for number in range(1000):
                # What the server gives back is enough: it never ends the connection for a window that is used up.
                exchanged(1 + 2 * number, kinds[number % len(kinds)], b"\0" * 1024)
            c.headers(2001, request("/grpc.health.v1.Health/Check", "POST", ("content-type", "application/grpc"), ("te", "trailers")),
                      END_HEADERS)
            c.send(frame(DATA, END_STREAM, 2001, message(b"")))
            answers, _, trailers = c.messages(2001)
            assert len(answers) == 1 and trailers["grpc-status"] == "0", trailers


def case_single_bytes(binary):
    """A million DATA frames of one byte to calls that do not read: memory grows by little more than the windows."""
    with InteropPeer(binary) as peer, Connection(peer.address, seconds=20) as c:
        # StreamingOutputCallRequest { response_parameters { size: 1, interval_us: 10,000,000 } }: nobody reads for so long.
        wait = message(bytes([0x12, 7, 0x08, 1, 0x10, 0x80, 0xAD, 0xE2, 0x04]))
        for stream in (1, 3, 5, 7):
            c.headers(stream, call("FullDuplexCall"), END_HEADERS)
            c.send(frame(DATA, 0, stream, wait))
        c.expect_alive()
        before = peer.memory()
        for stream in (1, 3, 5, 7):
            for _ in range(25):
                c.send(frame(DATA, 0, stream, b"x") * 10000)
        c.expect_alive()
        grown = peer.memory() - before
        assert grown <= MEMORY_MIB, f"memory grew by {grown:.0f} MiB"


def case_half_open_flood(binary):
    """Connections that say nothing, half a head, or half a preface: an address has 50 at most, and others are served."""
    import grpc
    _, empty, services = official_python()
    most, many = 50, 400
    with (InteropPeer(binary, "--half-open", str(most)) as peer, InteropPeer(binary, "--half-open", str(most)) as decoy,
          grpc.insecure_channel(peer.address) as channel):
        client = services.TestServiceStub(channel).EmptyCall
        quiet_percentile(client, empty.Empty())
        quiet, loud = [], []
        for server, percentiles in ((decoy, quiet), (peer, loud)) * ROUNDS:
            crowd = half_open(server.address, many)
            # Others are not shut out, neither those that are there nor new ones.
            percentiles.append(quiet_percentile(client, empty.Empty()))
            with grpc.insecure_channel(server.address) as other:
                services.TestServiceStub(other).EmptyCall(empty.Empty(), timeout=5)
            end, over = time.monotonic() + CUT_OFF, set()
            while len(over) < many - most and time.monotonic() < end:
                over |= {one for one in crowd if one not in over and is_over(one)}
            assert len(over) >= many - most, f"{many - len(over)} of {many} half-open connections stand"
            for one in crowd:
                one.close()
        usual, worst = statistics.median(quiet), statistics.median(loud)
        assert worst <= max(2 * usual, HALF_OPEN_FLOOR), f"p99 {worst * 1000:.1f} ms, {usual * 1000:.1f} ms when quiet"


def half_open(address, count):
    host, port = address.split(":")
    crowd = []
    for number in range(count):
        one = socket.create_connection((host, int(port)), timeout=2, source_address=("127.0.0.2", 0))
        try:
            one.sendall((b"", b"GET / HTTP/1.1\r\nhost: a\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01")[number % 4])
        except OSError:
            pass
        crowd.append(one)
    return crowd


def is_over(connection):
    connection.settimeout(0.001)
    try:
        return not connection.recv(4096)
    except TimeoutError:
        return False
    except OSError:
        return True
