"""A TCP proxy as some networks have it: it cuts every connection on which nothing came down for a while."""
import select
import time

from tcp_proxy import TCPProxy


class CuttingProxy(TCPProxy):
    """`cuts` counts the connections that it has cut."""

    def __init__(self, upstream, seconds):
        super().__init__(upstream)
        self.seconds = seconds

    def exchange(self, near, far):
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
