"""A network that lets BitTorrent begin: it resets each of its connections after so many bytes, and leaves HTTP alone."""
import select
import socket
import struct

from tcp_proxy import TCPProxy

HANDSHAKE = b"\x13BitTorrent"


class BitTorrentCutter(TCPProxy):
    """`cuts` counts the connections that it has cut."""

    def __init__(self, most):
        super().__init__()
        self.most = most

    def exchange(self, near, far):
        first, down = b"", 0
        while True:
            for one in select.select([near, far], [], [])[0]:
                chunk = one.recv(1 << 14)
                if not chunk:
                    return
                if one is near:
                    first = first or chunk
                    far.sendall(chunk)
                    continue
                near.sendall(chunk)
                down += len(chunk)
                if first.startswith(HANDSHAKE) and down > self.most:
                    self.cuts += 1
                    for end in (near, far):
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
