"""Tests of tools/lab: what its bound counts, that a link is what a spec says, and that an interrupted lab leaves nothing.

Those that make a network need root, /dev/net/tun and leave to make namespaces; they are skipped without.
"""
import glob
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import uuid
from pathlib import Path

TOOLS = Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(TOOLS))
from fleet.lab import Spec
from fleet.network import Network
from fleet.process import wait_until

ECHO = """
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("0.0.0.0", 9))
print("ready", flush=True)
while True:
    server.sendto(*server.recvfrom(9))
"""
PING = """
import socket, sys, time
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(5)
for _ in range(30):
    begin = time.monotonic()
    client.sendto(b"ping", (sys.argv[1], 9))
    client.recv(9)
    print((time.monotonic() - begin) * 1000)
"""
SINK = """
import socket
server = socket.create_server(("0.0.0.0", 8))
print("ready", flush=True)
connection, _ = server.accept()
while connection.recv(65536):
    pass
connection.sendall(b"all")
"""
SEND = """
import socket, sys, time
connection = socket.create_connection((sys.argv[1], 8))
begin = time.monotonic()
connection.sendall(bytes(int(sys.argv[2])))
connection.shutdown(socket.SHUT_WR)
connection.recv(9)
print(time.monotonic() - begin)
"""


def networks_can_be_made():
    if os.geteuid() != 0 or not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return False
    probe = f"sl{os.getpid()}-probe"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True).returncode == 0
    return subprocess.run(["ip", "netns", "delete", probe], capture_output=True).returncode == 0 and made


class BoundTests(unittest.TestCase):
    def bound(self, **values):
        values = {"file_mib": 100, "relays": 0, "agents": [{"count": 4, "up_mbit": 10, "down_mbit": 40}], **values}
        return Spec(values).bound(1.0) / (100 * 8 * (1 << 20) / 1e6)

    def test_the_slowest_way_in_counts(self):
        self.assertAlmostEqual(self.bound(origin_mbit=20), 1 / 15)
        self.assertAlmostEqual(self.bound(origin_mbit=10), 1 / 10)
        self.assertAlmostEqual(self.bound(), 1 / 40)

    def test_a_site_gets_the_file_over_its_link(self):
        sites = {"east": {"up_mbit": 5, "down_mbit": 5}}
        inside = [{"count": 2, "up_mbit": 40, "down_mbit": 40, "site": "east"}]
        self.assertAlmostEqual(self.bound(sites=sites, agents=inside), 1 / 5)
        self.assertAlmostEqual(self.bound(sites=sites), 1 / 40)

    def test_what_a_site_uploads_inside_counts(self):
        sites = {"east": {"up_mbit": 10, "down_mbit": 10}}
        inside = [{"count": 4, "up_mbit": 5, "down_mbit": 40, "site": "east"}]
        self.assertAlmostEqual(self.bound(sites=sites, agents=inside), 4 / 30)
        self.assertAlmostEqual(self.bound(sites=sites, agents=inside, relays=1, relay_mbit=10, relay_sites=["east"]), 1 / 10)

    def test_a_key_or_a_subject_that_there_is_not_is_refused(self):
        self.assertRaises(ValueError, Spec, {"agent": []})
        self.assertRaises(ValueError, Spec, {"subject": "wget"})


@unittest.skipUnless(networks_can_be_made(), "needs root, /dev/net/tun and leave to make namespaces")
class NetworkTests(unittest.TestCase):
    def started(self, network, node, program):
        process = subprocess.Popen([*network.command(node), sys.executable, "-c", program], stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        process.stdout.readline()

    def asked(self, network, node, program, *arguments):
        done = subprocess.run([*network.command(node), sys.executable, "-c", program, *arguments], check=True,
                              capture_output=True, text=True, timeout=60)
        return [float(line) for line in done.stdout.split()]

    def expect_round_trip(self, network, node, other, milliseconds):
        self.started(network, other, ECHO)
        fastest = min(self.asked(network, node, PING, network.addresses[other][0]))
        self.assertGreaterEqual(fastest, milliseconds)
        self.assertLess(fastest, milliseconds + 2)

    def test_delays_are_what_the_spec_says(self):
        with Network() as network:
            network.site("far", 20e6, 20e6, 20)
            network.add("here")
            network.add("there", site="far")
            network.add("further", site="far", delay_ms=5)
            network.add("near")
            self.expect_round_trip(network, "here", "there", 40)
            self.expect_round_trip(network, "here", "further", 50)
            self.expect_round_trip(network, "here", "near", 0)

    def test_a_rate_holds_beside_a_delay(self):
        with Network() as network:
            network.site("far", 20e6, 20e6, 20)
            network.add("here")
            network.add("there", site="far")
            for node, other in (("here", "there"), ("there", "here")):
                self.started(network, other, SINK)
                [seconds] = self.asked(network, node, SEND, network.addresses[other][0], "5000000")
                self.assertLess(5e6 * 8 / seconds, 20e6)
                self.assertGreater(5e6 * 8 / seconds, 10e6)

    def test_a_loss_is_taken_by_nftables(self):
        with Network() as network:
            network.add("here")
            network.lose("here", 5)


@unittest.skipUnless(networks_can_be_made(), "needs root, /dev/net/tun and leave to make namespaces")
class InterruptionTests(unittest.TestCase):
    SPEC = {"file_mib": 8, "origin_mbit": 8, "relays": 0, "subject": "curl",
            "sites": {"far": {"up_mbit": 8, "down_mbit": 8, "delay_ms": 5}}, "agents": [{"count": 2, "site": "far"}]}

    def expect_nothing_left(self, number, is_time):
        """Interrupts a lab when `is_time`, given its prefix and folder for scratch files, and looks for what it left."""
        mark = uuid.uuid4().hex
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/spec.json"
            scratch = f"{folder}/scratch"
            os.mkdir(scratch)
            with open(path, "w") as file:
                json.dump(self.SPEC, file)
            lab = subprocess.Popen([sys.executable, str(TOOLS / "lab"), path, "--binary", "/bin/true"],
                                   env={**os.environ, "LAB_TEST": mark, "TMPDIR": scratch}, stdout=subprocess.DEVNULL)
            wait_until(lambda: is_time(f"/run/netns/sl{lab.pid}", scratch), 20, "the lab to be where it is interrupted")
            lab.send_signal(number)
            time.sleep(0.05)
            lab.send_signal(number)
            self.assertEqual(lab.wait(30), 128 + number)
            self.assertEqual(glob.glob(f"/run/netns/sl{lab.pid}-*"), [])
            self.assertEqual(os.listdir(scratch), [])
            self.assertEqual(marked(mark), [])

    def test_in_the_middle_of_its_network(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            for node in ("hub", "site-far", "agent-1"):
                with self.subTest(signal=number.name, node=node):
                    self.expect_nothing_left(number, lambda prefix, _: os.path.exists(f"{prefix}-{node}"))

    def test_in_the_middle_of_a_run(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(signal=number.name):
                self.expect_nothing_left(number, lambda _, scratch: glob.glob(f"{scratch}/sluice-lab-*/agent-2/build.img"))


def marked(mark):
    """The command lines of processes that have the mark in their environment."""
    found = []
    for path in glob.glob("/proc/[0-9]*/environ"):
        try:
            with open(path, "rb") as environment, open(path.replace("environ", "cmdline"), "rb") as command:
                if mark.encode() in environment.read():
                    found.append(command.read().replace(b"\0", b" "))
        except OSError:
            pass  # It has ended meanwhile.
    return found


if __name__ == "__main__":
    unittest.main()
