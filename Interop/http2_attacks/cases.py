"""HTTP/2 attacks over sockets against our listener: each is cut off within a second, memory stays flat, and another
client's calls keep their pace."""
import json
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from attacks import ATTACKS, PREFACE_DEADLINE, STALL_DEADLINE
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
    options = ("--preface-deadline", str(int(PREFACE_DEADLINE * 1000)), "--stall-deadline", str(int(STALL_DEADLINE * 1000)))
    with InteropPeer(binary, *options) as peer, grpc.insecure_channel(peer.address) as channel:
        client = services.TestServiceStub(channel).EmptyCall
        percentile(client, empty.Empty())
        quiet, loud, cuts, before, most = [], [], [], peer.memory(), 0
        for _ in range(ROUNDS):
            quiet.append(percentile(client, empty.Empty()))
            attacker = subprocess.Popen([sys.executable, "-B", str(HERE / "attacks.py"), name, peer.address, "0.6"],
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
