"""A network that lets BitTorrent begin: it resets each of its connections after so many bytes, and leaves HTTP alone."""
import select
import socket
import struct
import threading

HANDSHAKE = b"\x13BitTorrent"


class BitTorrentCutter:
    """Use as a context; `address` is where it listens, `upstream` where it leads. `cuts` counts the connections it has cut."""

    def __init__(self, most):
        self.most, self.upstream, self.cuts = most, None, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near):
        host, port = self.upstream.rsplit(":", 1)
        with near:
            try:
                with socket.create_connection((host, int(port))) as far:
                    self._exchange(near, far)
            except OSError:
                pass

    def _exchange(self, near, far):
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
