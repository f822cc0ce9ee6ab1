"""Rivals in Sluice's place: each fetches the file at every agent of a lab, with the settings that suit it best."""
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

from .fleet import sha256_of
from .origin import Origin
from .process import wait_until

FILE = "build.img"
CLIENT = os.path.join(os.path.dirname(__file__), "libtorrent_client.py")
TRACKER_PORT = 6969


class Rival:
    """Use as a context: its origin and whatever it started end with it, also when interrupted."""

    def __init__(self, spec, places, agents):
        self.spec, self.places, self.agents = spec, places, agents
        self.finished, self.processes, self.running = {}, [], {}

    def __enter__(self):
        self.root = tempfile.mkdtemp(prefix="sluice-lab-")
        try:
            os.chmod(self.root, 0o755)
            self.origin = Origin(f"{self.root}/origin", *self.places["origin"])
        except BaseException:
            shutil.rmtree(self.root)
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.kill()
            process.wait()
        self.origin.stop()
        if os.environ.get("KEEP") == "1":
            print(f"kept {self.root}", file=sys.stderr)
        else:
            shutil.rmtree(self.root, ignore_errors=True)

    @property
    def url(self):
        return self.origin.base_url + FILE

    def target(self, node):
        return f"{self.root}/{node}/{FILE}"

    def start(self, node, arguments, **options):
        """Runs a program at a node, in a folder of that name."""
        os.makedirs(f"{self.root}/{node}", exist_ok=True)
        with open(f"{self.root}/{node}.log", "ab") as log:
            process = subprocess.Popen([*self.places[node][1], *arguments], cwd=f"{self.root}/{node}",
                                       **{"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, **options})
        self.processes.append(process)
        return process

    def prepare(self):
        """What must be there before the clock starts; `self.source` is the origin's file."""

    def fetch(self, agent):
        """Begins one agent's download; returns the process."""
        raise NotImplementedError

    def has_whole(self, agent):
        """Whether the program says that the file is there."""
        return self.running[agent].poll() == 0

    def run(self):
        self.origin.start()
        self.source = self.origin.make_file(FILE, self.spec.file_mib)
        expected = sha256_of(self.source)
        self.prepare()
        started = time.time()
        for agent in self.agents:
            self.running[agent] = self.fetch(agent)

        def all_there():
            for agent in self.agents:
                if agent not in self.finished and self.has_whole(agent):
                    self.finished[agent] = time.time() - started
            return len(self.finished) == len(self.agents)

        try:
            wait_until(all_there, self.spec.limit_s, "every agent to have the file")
            state = "COMPLETED"
        except AssertionError:
            state = "TIMED_OUT"
        for agent in self.finished:
            assert sha256_of(self.target(agent)) == expected, f"{agent} has another file"
        return {"state": state, "egress": round(self.origin.bytes_sent(f"/{FILE}") / self.spec.size, 4)}


class Curl(Rival):
    """Every agent fetches the file from the origin."""

    def fetch(self, agent):
        return self.start(agent, ["curl", "-sf", "-o", self.target(agent), self.url])


class TorrentRival(Rival):
    """A BitTorrent client with the origin as web seed, and opentracker at the place of control."""

    def prepare(self):
        self.torrent = f"{self.root}/build.torrent"
        address = self.places["control"][0]
        subprocess.run(["transmission-create", "-s", "64", "-t", f"http://{address}:{TRACKER_PORT}/announce",
                        "-o", self.torrent, self.source], check=True, stdout=subprocess.DEVNULL)
        with open(self.torrent, "rb") as file:
            content = file.read()
        # The dictionary's last key is info, and url-list comes after it.
        self.start_tracker(address, hashlib.sha1(content[content.index(b"4:info") + 6:-1]).digest())
        with open(self.torrent, "wb") as file:
            file.write(content[:-1] + b"8:url-list%d:%se" % (len(self.url), self.url.encode()))

    def start_tracker(self, address, info_hash):
        """Debian's opentracker serves only torrents of its whitelist, which it reads inside its own root as nobody."""
        os.makedirs(f"{self.root}/control")
        with open(f"{self.root}/control/whitelist", "w") as file:
            file.write(info_hash.hex() + "\n")
        self.start("control", ["opentracker", "-i", address, "-p", str(TRACKER_PORT), "-P", str(TRACKER_PORT),
                               "-d", f"{self.root}/control", "-w", "whitelist"])
        question = f"http://{address}:{TRACKER_PORT}/announce?info_hash={urllib.parse.quote(info_hash)}" \
            f"&peer_id={'-' * 20}&port=1&uploaded=0&downloaded=0&left=1&event=stopped"

        def answers():
            asked = subprocess.run([*self.places["control"][1], "curl", "-s", question], capture_output=True)
            return asked.stdout.startswith(b"d") and b"failure" not in asked.stdout

        wait_until(answers, 10, "opentracker to know the torrent")

    def has_whole(self, agent):
        """A client that has the file seeds on, and has left its mark."""
        return os.path.exists(self.target(agent) + ".done")


class Aria2(TorrentRival):
    """aria2c."""

    def prepare(self):
        super().prepare()
        self.mark = f"{self.root}/mark"
        with open(self.mark, "w") as file:
            file.write('#!/bin/sh\nexec touch "$3.done"\n')
        os.chmod(self.mark, 0o755)

    def fetch(self, agent):
        return self.start(agent, [
            "aria2c", "-q", "--seed-ratio=0", "--enable-dht=false", "--bt-enable-lpd=false", "--file-allocation=none",
            "--bt-max-peers=0", "--bt-request-peer-speed-limit=100M", "--bt-tracker-interval=5",
            f"--on-bt-download-complete={self.mark}", "-d", os.path.dirname(self.target(agent)), self.torrent])


class Libtorrent(TorrentRival):
    """libtorrent; its sessions wait for a line, so that Python's own start does not count."""

    def prepare(self):
        super().prepare()
        self.sessions = {agent: self.session(agent) for agent in self.agents}
        for process in self.sessions.values():
            assert process.stdout.readline() == b"ready\n", "a libtorrent session did not start"

    def session(self, node):
        return self.start(node, [sys.executable, CLIENT, self.torrent, f"{self.root}/{node}", self.places[node][0]],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def fetch(self, agent):
        self.sessions[agent].stdin.write(b"go\n")
        self.sessions[agent].stdin.flush()
        return self.sessions[agent]


class LibtorrentRelays(Libtorrent):
    """libtorrent, and relays that have the whole file at the start as seeds."""

    def prepare(self):
        super().prepare()
        for number in range(1, self.spec.relays + 1):
            relay = f"relay-{number}"
            os.makedirs(f"{self.root}/{relay}")
            os.link(self.source, self.target(relay))
            self.sessions[relay] = self.session(relay)
            self.fetch(relay)
            wait_until(lambda: self.has_whole(relay), 60, "a seed to check its file")


RIVALS = {"curl": Curl, "aria2": Aria2, "libtorrent": Libtorrent, "libtorrent-relays": LibtorrentRelays}
