"""An origin of our own that asks for pauses: nginx cannot be told to after a number of requests."""
import http.server
import os
import re
import threading
import time


class BusyOrigin:
    """Serves one file by ranges; after `served` ranges it answers 429 for `pause` seconds, once, and counts who comes."""

    def __init__(self, mebibytes, served, pause):
        self.content, self.served, self.pause = os.urandom(mebibytes << 20), served, pause
        self.ranges, self.paused_at = 0, None
        # When each request came that was refused, and each that was not.
        self.refused, self.answered = [], []
        self.lock = threading.Lock()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}/build.img"

    def is_busy(self):
        """Counts one request for a range; whether it is refused."""
        with self.lock:
            now = time.monotonic()
            if self.paused_at is None and self.ranges == self.served:
                self.paused_at = now
            busy = self.paused_at is not None and now < self.paused_at + self.pause
            (self.refused if busy else self.answered).append(now)
            self.ranges += 1
            return busy

    def __enter__(self):
        origin = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status, body, **headers):
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), "ETag": '"one"', **headers}.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            def do_HEAD(self):
                self.answer(200, origin.content, Accept_Ranges="bytes")

            def do_GET(self):
                wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
                if wanted is None:
                    return self.answer(200, origin.content)
                first, last = int(wanted[1]), int(wanted[2])
                if last > first and origin.is_busy():
                    return self.answer(429, b"", Retry_After=str(origin.pause))
                body = origin.content[first:last + 1]
                self.answer(206, body, Content_Range=f"bytes {first}-{first + len(body) - 1}/{len(origin.content)}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
