"""HTTP/2 and HTTP/1.1 attacks over sockets against our listener: each is cut off within a second, memory stays flat, and another
client's calls keep their pace."""
import json
import socket
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from attacks import ATTACKS, BODY_GRACE, PREFACE_DEADLINE, STALL_DEADLINE
from interop_peer import InteropPeer, official_python

CUT_OFF = 1.0          # seconds until the attacker's connection is ended
MEMORY_MIB = 64        # what the server may grow by, attackers that follow each other included
FLOOR = 0.05          # seconds: a p99 below this is as good as quiet on a machine that does other things too
ROUNDS, CALLS = 3, 150


def percentile(client, empty):
    times = []
    for _ in range(CALLS):
        start = time.monotonic()
        client(empty, timeout=10)
        times.append(time.monotonic() - start)
    return sorted(times)[int(len(times) * 0.99)]


def attacked(name, binary):
    import grpc
    _, empty, services = official_python()
    options = ("--preface-deadline", str(int(PREFACE_DEADLINE * 1000)), "--stall-deadline", str(int(STALL_DEADLINE * 1000)),
               "--body-grace", str(int(BODY_GRACE * 1000)), "--web", "yes")
    with InteropPeer(binary, *options) as peer, grpc.insecure_channel(peer.address) as channel:
        client = services.TestServiceStub(channel).EmptyCall
        percentile(client, empty.Empty())
        quiet, loud, cuts, before, most = [], [], [], peer.memory(), 0
        for _ in range(ROUNDS):
            quiet.append(percentile(client, empty.Empty()))
            # Elsewhere it would be another machine's processor that it uses.
            attacker = subprocess.Popen(
                ["nice", "-n", "15", sys.executable, "-B", str(HERE / "attacks.py"), name, peer.address, "0.6"],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            during = []
            while attacker.poll() is None:
                during.append(percentile(client, empty.Empty()))
                most = max(most, peer.memory())
            said, failed = attacker.communicate()
            assert attacker.returncode == 0, failed.strip().split("\n")[-1]
            cuts.append(json.loads(said)["slowest"])
            loud.append(sorted(during)[len(during) // 2])
        cut, grown = max(cuts), most - before
        usual, worst = sorted(quiet)[ROUNDS // 2], sorted(loud)[ROUNDS // 2]
        assert cut <= CUT_OFF, f"cut off after {cut:.2f} s"
        assert grown <= MEMORY_MIB, f"memory grew by {grown:.0f} MiB"
        assert worst <= max(2 * usual, FLOOR), f"p99 {worst * 1000:.1f} ms, {usual * 1000:.1f} ms when quiet"


def make(name):
    def run(binary):
        attacked(name, binary)
    run.__doc__ = f"{name.replace('_', ' ')}: cut off in a second, memory flat, others undisturbed"
    globals()[f"case_{name}"] = run


for attack_name in ATTACKS:
    make(attack_name)


def case_half_open_flood(binary):
    """Connections that say nothing, half a head, or half a preface: an address has 50 at most, and others are served."""
    import grpc
    _, empty, services = official_python()
    most, many = 50, 400
    with InteropPeer(binary, "--half-open", str(most)) as peer, grpc.insecure_channel(peer.address) as channel:
        client = services.TestServiceStub(channel).EmptyCall
        quiet = percentile(client, empty.Empty())
        host, port = peer.address.split(":")
        crowd = []
        for number in range(many):
            one = socket.create_connection((host, int(port)), timeout=2, source_address=("127.0.0.2", 0))
            try:
                one.sendall((b"", b"GET / HTTP/1.1\r\nhost: a\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01")[number % 4])
            except OSError:
                pass
            crowd.append(one)
        # Others are not shut out, neither those that are there nor new ones.
        loud = percentile(client, empty.Empty())
        with grpc.insecure_channel(peer.address) as other:
            services.TestServiceStub(other).EmptyCall(empty.Empty(), timeout=5)
        end, over = time.monotonic() + CUT_OFF, set()
        while len(over) < many - most and time.monotonic() < end:
            over |= {one for one in crowd if one not in over and ended(one)}
        assert len(over) >= many - most, f"{many - len(over)} of {many} half-open connections stand"
        for one in crowd:
            one.close()
        assert loud <= max(2 * quiet, FLOOR), f"p99 {loud * 1000:.1f} ms, {quiet * 1000:.1f} ms when quiet"


def ended(connection):
    connection.settimeout(0.001)
    try:
        return not connection.recv(4096)
    except TimeoutError:
        return False
    except OSError:
        return True
