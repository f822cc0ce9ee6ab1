"""nginx as origin, with a log that says what left it."""
import json
import os
import re
import subprocess
import threading
import time
import urllib.request

from .process import free_port, wait_until

CONFIGURATION = """
worker_processes 1;
daemon off;
pid {root}/nginx.pid;
error_log {root}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    log_format transfer escape=json '{{"connection":$connection,"time":$msec,"seconds":$request_time,"status":$status,'
        '"bytes":$body_bytes_sent,"method":"$request_method","uri":"$request_uri","range":"$http_range",'
        '"agent":"$http_user_agent"}}';
    access_log {root}/access.log transfer;
    client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3;
    uwsgi_temp_path {root}/t4; scgi_temp_path {root}/t5;
    sendfile on;
    default_type application/octet-stream;
    server {{
        listen {host}:{port};
        location = /status {{ stub_status; access_log off; }}
        set $refused "";
        if (-f {root}/refuses) {{ set $refused yes; }}
        if ($request_method = HEAD) {{ set $refused ""; }}
        location ~ ^/moved/(.*) {{ return 302 http://{host}:{port}/$1; }}
        location / {{ root {root}/files; if ($refused) {{ return 403; }} }}
    }}
}}
"""


class Origin:
    """Serves `files` below its root."""

    def __init__(self, root, host="127.0.0.1", prefix=()):
        """`prefix` goes before the command, such as to run it in a network namespace."""
        self.root, self.host, self.port, self.prefix = root, host, free_port(), list(prefix)
        os.makedirs(f"{root}/files", exist_ok=True)
        os.chmod(root, 0o755)
        self.popen = None

    @property
    def base_url(self):
        return f"http://{self.host}:{self.port}/"

    def start(self):
        # Debian's nginx drops its rights to www-data when it starts as root; the files are made readable for it.
        path = f"{self.root}/nginx.conf"
        user = "user root;\n" if os.geteuid() == 0 else ""
        with open(path, "w") as file:
            file.write(user + CONFIGURATION.format(root=self.root, host=self.host, port=self.port))
        errors = open(f"{self.root}/nginx.out", "ab")
        self.popen = subprocess.Popen(
            [*self.prefix, "/usr/sbin/nginx", "-p", self.root, "-c", path, "-e", f"{self.root}/error.log"], stdout=errors, stderr=errors
        )
        wait_until(self.active_connections_or_none, 10, "nginx to answer")
        return self

    def make_file(self, name, mebibytes):
        """A file of random bytes; returns its path."""
        path = f"{self.root}/files/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            for _ in range(mebibytes):
                file.write(os.urandom(1 << 20))
        return path

    def make_sparse_file(self, name, mebibytes):
        """A large file that takes little room: random bytes at the start of every 16 MiB, zeros between."""
        path = f"{self.root}/files/{name}"
        with open(path, "wb") as file:
            for start in range(0, mebibytes, 16):
                file.seek(start << 20)
                file.write(os.urandom(4096))
            file.truncate(mebibytes << 20)
        return path

    def refuse(self, refuses):
        """From now on every GET is forbidden, or allowed again; HEAD is always answered."""
        path = f"{self.root}/refuses"
        if refuses:
            open(path, "w").close()
        else:
            os.remove(path)

    def active_connections_or_none(self):
        try:
            if self.prefix:
                answer = subprocess.run([*self.prefix, "curl", "-s", self.base_url + "status"], capture_output=True)
                page = answer.stdout
            else:
                with urllib.request.urlopen(self.base_url + "status", timeout=2) as answer:
                    page = answer.read()
        except OSError:
            return None
        found = re.search(rb"Active connections: (\d+)", page)
        return int(found.group(1)) if found else None

    def transfers(self):
        """What the access log holds: one dict a request."""
        try:
            with open(f"{self.root}/access.log") as file:
                return [json.loads(line) for line in file if line.endswith("\n")]
        except FileNotFoundError:
            return []

    def bytes_sent(self, uri=None):
        """Bytes of content that left nginx, by its own log."""
        return sum(t["bytes"] for t in self.transfers() if t["method"] == "GET" and uri in (None, t["uri"]))

    def stop(self):
        if self.popen and self.popen.poll() is None:
            self.popen.terminate()
            self.popen.wait(10)


class ConnectionSampler:
    """Polls nginx's own count of open connections and keeps the highest, its own one taken off."""

    def __init__(self, origin):
        self.origin, self.highest, self.samples, self.over = origin, 0, 0, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.over.is_set():
            active = self.origin.active_connections_or_none()
            if active is not None:
                self.highest = max(self.highest, active - 1)
                self.samples += 1
            time.sleep(0.01)

    def stop(self):
        self.over.set()
        self.thread.join()
        return self.highest
