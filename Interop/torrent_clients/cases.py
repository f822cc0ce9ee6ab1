"""Stock BitTorrent clients take the file from relays and agents."""
import http.server
import os
import shutil
import signal
import subprocess
import threading

from fleet import Fleet, Process, free_port, in_own_network, sha256_of, wait_until


def finished_push(fleet):
    path = fleet.origin.make_file("build.img", 12)
    fleet.start(relays=1, agents=1)
    fleet.register_origin()
    fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo", "--watch")
    name = fleet.json("distributions", "list")["distributions"][0]["name"]
    torrent = f"{fleet.root}/build.torrent"

    def published():
        return fleet.run("torrent", name, "-o", torrent, expect=None).returncode == 0

    wait_until(published, 20, "the torrent to be published")
    return path, torrent


def aria2(torrent, folder, *extra):
    """Downloads with aria2c, which writes what it did beside the folder."""
    subprocess.run(
        ["aria2c", "--seed-time=0", "--enable-dht=false", "--enable-dht6=false", "--bt-enable-lpd=false",
         "--enable-peer-exchange=false", "--follow-torrent=mem", "--summary-interval=0", "--allow-overwrite=true",
         f"--listen-port={free_port()}", f"--log={folder}.log", "-d", folder, *extra, torrent],
        check=True, timeout=120, stdout=subprocess.DEVNULL)


def case_aria2_downloads_the_published_torrent(binary):
    """aria2c, by tracker and peers, after completion."""
    with Fleet(binary) as fleet:
        path, torrent = finished_push(fleet)
        aria2(torrent, f"{fleet.root}/aria2")
        assert sha256_of(f"{fleet.root}/aria2/build.img") == sha256_of(path)


def case_aria2_takes_the_hybrid_torrent(binary):
    """The hybrid too: aria2c 1.36 gets its info-hash wrong, so it is the web seed that serves it."""
    with Fleet(binary) as fleet:
        path, torrent = finished_push(fleet)
        name = fleet.json("distributions", "list")["distributions"][0]["name"]
        fleet.run("torrent", name, "--hybrid", "-o", torrent)
        with open(torrent, "rb") as file:
            assert b"12:meta versioni2e" in file.read()
        aria2(torrent, f"{fleet.root}/aria2")
        assert sha256_of(f"{fleet.root}/aria2/build.img") == sha256_of(path)


def case_aria2_downloads_from_the_agent_alone(binary):
    """aria2c, given only the agent as peer: it seeds under the final info-hash."""
    with Fleet(binary) as fleet, tracker_of(fleet) as tracker:
        path, torrent = finished_push(fleet)
        tracker.peer = fleet.listens["agent-1"]
        only = f"{fleet.root}/only-the-agent.torrent"
        with open(torrent, "rb") as source, open(only, "wb") as file:
            content = source.read()
            start = content.index(b"4:info") + 6
            announce = tracker.url.encode()
            info = content[start:bencode_end(content, start)]
            file.write(b"d8:announce%d:%s4:info%se" % (len(announce), announce, info))
        aria2(only, f"{fleet.root}/aria2")
        assert tracker.asked and sha256_of(f"{fleet.root}/aria2/build.img") == sha256_of(path)


class tracker_of:
    """A tracker that knows one peer."""

    def __init__(self, fleet):
        self.peer, self.asked = None, 0

    def __enter__(self):
        tracker = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                host, port = tracker.peer.split(":")
                peer = bytes(int(part) for part in host.split(".")) + int(port).to_bytes(2, "big")
                tracker.asked += 1
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"d8:intervali60e5:peers6:" + peer + b"e")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/announce"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()


def bencode_end(content, at):
    """One past the bencoded value that starts at `at`."""
    kind = content[at:at + 1]
    if kind in (b"d", b"l"):
        at += 1
        while content[at:at + 1] != b"e":
            at = bencode_end(content, at)
        return at + 1
    if kind == b"i":
        return content.index(b"e", at) + 1
    colon = content.index(b":", at)
    return colon + 1 + int(content[at:colon])


def case_transmission_downloads_the_published_torrent(binary):
    """transmission-cli tries uTP; the relay, whose tracker it asks, calls it back. It refuses loopback peers: a network of its own."""
    in_own_network("10.77.0.1", lambda: transmission_downloads(binary, "10.77.0.1"))


def transmission_downloads(binary, host):
    with Fleet(binary, host=host) as fleet:
        path, torrent = finished_push(fleet)
        folder = f"{fleet.root}/transmission"
        os.makedirs(folder)
        process = Process(
            ["transmission-cli", "-w", folder, "-g", f"{fleet.root}/transmission-configuration",
             "-p", str(free_port()), "--no-portmap", torrent], "transmission-cli", f"{fleet.root}/transmission.log")
        try:
            delivered = f"{folder}/build.img"
            wait_until(lambda: os.path.exists(delivered) and sha256_of(delivered) == sha256_of(path), 120,
                       "transmission-cli to finish")
        finally:
            process.popen.kill()
            process.stop()


def case_aria2_joins_while_the_relay_pulls(binary):
    """With the publisher's own .torrent aria2c joins by the final info-hash while the relay is still pulling."""
    with Fleet(binary, origin_rate=3_000_000) as fleet:
        path = fleet.origin.make_file("build.img", 12)
        fleet.start(relays=1, agents=1)
        fleet.register_origin()
        torrent, name = push_with_publisher_torrent(fleet, path)
        aria2(torrent, f"{fleet.root}/aria2")
        assert sha256_of(f"{fleet.root}/aria2/build.img") == sha256_of(path)
        wait_until(lambda: fleet.distribution(name)["state"] == "DISTRIBUTION_STATE_COMPLETED", 60, "completion")
        relay = fleet.origin.bytes_sent("/build.img") / os.path.getsize(path)
        assert relay < 1.1, f"the origin gave {relay:.2f} files"


def case_a_relay_stands_still_under_a_publishers_torrent(binary):
    """transmission-create's torrent, two relays, one of them stopped (SIGSTOP) in mid-pull: the other takes its pieces over."""
    with Fleet(binary, origin_rate=3_000_000, lease_seconds=3) as fleet:
        path = fleet.origin.make_file("build.img", 24)
        fleet.start(relays=2, agents=1)
        fleet.register_origin()
        torrent, name = push_with_publisher_torrent(fleet, path)

        def has_begun():
            relays = fleet.distribution(name).get("relays", [])
            return len(relays) == 2 and all(int(r.get("originBytes", 0)) > 1 << 20 for r in relays)

        wait_until(has_begun, 60, "both relays to pull")
        stopped = fleet.processes["relay-2"].popen
        stopped.send_signal(signal.SIGSTOP)
        try:
            fleet.processes["control"].await_line(r"relay-1 pulls \d+ pieces of \S+ that were relay-2's", 60)
        finally:
            stopped.send_signal(signal.SIGCONT)
        wait_until(lambda: fleet.distribution(name)["state"] == "DISTRIBUTION_STATE_COMPLETED", 120, "completion")
        assert sha256_of(fleet.delivered(1, "build.img")) == sha256_of(path)


def push_with_publisher_torrent(fleet, path):
    """Orders a file with a torrent that its publisher has made; returns the torrent's path and the distribution's name."""
    torrent = f"{fleet.root}/publisher.torrent"
    make_publisher_torrent(path, torrent, f"http://{fleet.listens['relay-1']}/announce")
    fleet.run("push", fleet.origin.base_url + os.path.basename(path), "--to", "role=demo", "--torrent", torrent)
    return torrent, fleet.json("distributions", "list")["distributions"][0]["name"]


def make_publisher_torrent(path, torrent, announce):
    """A BEP 3 torrent as transmission-create makes it."""
    tool = shutil.which("transmission-create")
    assert tool, "transmission-create is missing"
    subprocess.run([tool, "-s", "256", "-t", announce, "-o", torrent, path], check=True, stdout=subprocess.DEVNULL)
