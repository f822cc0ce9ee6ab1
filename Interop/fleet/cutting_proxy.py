"""A TCP proxy as some networks have it: it cuts every connection on which nothing came down for a while."""
import select
import socket
import threading
import time


class CuttingProxy:
    """Use as a context; `address` is where it listens. `cuts` counts the connections that it has cut."""

    def __init__(self, upstream, seconds):
        host, port = upstream.rsplit(":", 1)
        self.upstream, self.seconds, self.cuts = (host, int(port)), seconds, 0
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
        with near:
            try:
                with socket.create_connection(self.upstream) as far:
                    self._exchange(near, far)
            except OSError:
                pass

    def _exchange(self, near, far):
        last = time.monotonic()
        while True:
            left = last + self.seconds - time.monotonic()
            readable, _, _ = select.select([near, far], [], [], max(0, left))
            if not readable and left <= 0:
                self.cuts += 1
                return
            for one in readable:
                chunk = one.recv(1 << 16)
                if not chunk:
                    return
                (far if one is near else near).sendall(chunk)
                if one is far:
                    last = time.monotonic()
