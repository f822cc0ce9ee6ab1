"""Peers that lie: a scripted peer that speaks BitTorrent by its own few lines, not by our code."""
import json
import socket
import struct
import threading
import urllib.request

from fleet import Fleet, sha256_of, wait_until

BLOCK = 16384


class Rogue:
    """Connects to an agent under a blob's live id and claims to have every piece."""

    def __init__(self, address, info_hash, pieces, extension=None):
        host, port = address.split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=60)
        self.pieces, self.extension, self.served, self.closed = pieces, extension, 0, threading.Event()
        reserved = bytearray(8)
        reserved[5] |= 0x10
        self.socket.sendall(b"\x13BitTorrent protocol" + bytes(reserved) + info_hash + b"-RG0001-" + b"0123456789ab")
        threading.Thread(target=self.run, daemon=True).start()

    def receive(self, count):
        received = b""
        while len(received) < count:
            part = self.socket.recv(count - len(received))
            if not part:
                raise ConnectionError("closed")
            received += part
        return received

    def send(self, kind, payload=b""):
        self.socket.sendall(struct.pack(">IB", 1 + len(payload), kind) + payload)

    def run(self):
        try:
            self.receive(68)
            self.send(20, b"\x00d1:md11:sl_manifesti7eee")
            field = bytearray(b"\xff" * ((self.pieces + 7) // 8))
            if self.pieces % 8:
                field[-1] = (0xFF00 >> (self.pieces % 8)) & 0xFF
            self.send(5, bytes(field))
            self.send(1)
            while True:
                length = struct.unpack(">I", self.receive(4))[0]
                body = self.receive(length)
                if body[:1] == b"\x06":
                    piece, offset, count = struct.unpack(">III", body[1:13])
                    self.send(7, struct.pack(">II", piece, offset) + b"\x66" * count)
                    self.served += 1
                if body[:2] == b"\x14\x00" and self.extension:
                    at = body.index(b"11:sl_manifesti") + len(b"11:sl_manifesti")
                    number = int(body[at:body.index(b"e", at)])
                    self.send(20, bytes([number]) + self.extension)
                    self.extension = None
        except (OSError, ConnectionError):
            self.closed.set()


def running_push(fleet, mebibytes):
    path = fleet.origin.make_file("build.img", mebibytes)
    fleet.start(relays=1, agents=1)
    fleet.register_origin()
    fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo")
    name = fleet.json("distributions", "list")["distributions"][0]["name"]

    def blob():
        with urllib.request.urlopen(f"http://{fleet.listens['relay-1']}/blobs", timeout=5) as answer:
            blobs = json.load(answer)["blobs"]
        return blobs[0] if blobs else None

    return path, name, wait_until(blob, 20, "the relay to list its blob")


def reports(fleet, name):
    return [r for t in fleet.distribution(name).get("targets", []) for r in t.get("reports", [])]


def offended(fleet, name, offence):
    return any(r["offence"] == offence for r in reports(fleet, name))


def finish(fleet, path, name):
    wait_until(lambda: fleet.distribution(name)["state"] == "DISTRIBUTION_STATE_COMPLETED", 120, "completion")
    assert sha256_of(fleet.delivered(1, "build.img")) == sha256_of(path)


def case_a_corrupt_piece(binary):
    """A peer that sends garbage is banned and reported, and the push completes."""
    with Fleet(binary, origin_rate=2_000_000) as fleet:
        path, name, blob = running_push(fleet, 16)
        rogue = Rogue(fleet.listens["agent-1"], bytes.fromhex(blob["liveId"]), int(blob["pieces"]))
        wait_until(lambda: offended(fleet, name, "PEER_OFFENCE_BAD_PIECE"), 60, "the report of a bad piece")
        assert rogue.served > 0 and rogue.closed.wait(10), "the rogue is still connected"
        finish(fleet, path, name)


def case_a_batch_with_a_bad_signature(binary):
    """A relay's batch whose signature does not hold is refused and reported, and the push completes."""
    with Fleet(binary, origin_rate=2_000_000) as fleet:
        path, name, blob = running_push(fleet, 16)

        def first_batch():
            address = f"http://{fleet.listens['relay-1']}/blobs/{blob['id']}/batches"
            with urllib.request.urlopen(address, timeout=5) as answer:
                content = answer.read()
            return content[4:4 + struct.unpack(">I", content[:4])[0]] if content else None

        batch = bytearray(wait_until(first_batch, 20, "a first batch"))
        batch[-1] ^= 1
        rogue = Rogue(fleet.listens["agent-1"], bytes.fromhex(blob["liveId"]), int(blob["pieces"]), bytes(batch))
        wait_until(lambda: offended(fleet, name, "PEER_OFFENCE_BAD_BATCH"), 60, "the report of a bad batch")
        assert rogue.closed.wait(10), "the rogue is still connected"
        finish(fleet, path, name)
