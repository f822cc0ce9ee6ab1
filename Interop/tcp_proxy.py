"""A TCP proxy on this machine, whose kinds do to connections what some networks do."""
import socket
import threading


class TCPProxy:
    """Use as a context; `address` is where it listens, `upstream` where it leads. `exchange` carries one connection."""

    def __init__(self, upstream=None):
        self.upstream, self.cuts = upstream, 0
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
                    self.exchange(near, far)
            except OSError:
                pass
