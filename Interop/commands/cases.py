"""The command line that the protos make, used as a person and as a script would."""
import hashlib
import json
import os
import re
import shlex
import subprocess
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

from fleet import Fleet, sha256_of, wait_until


def failure(fleet, *arguments, expect):
    return fleet.run(*arguments, expect=expect).stderr


def run_with_input(fleet, text, *arguments):
    """A command that reads standard input."""
    environment = dict(os.environ, SLUICE_SERVER=fleet.listens["control"])
    done = subprocess.run([fleet.binary, *arguments], input=text, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def case_flags_files_and_outputs(binary):
    """Sizes, durations, JSON, enums and nested flags go in; tables, JSON and YAML come out, and agree."""
    with Fleet(binary) as fleet:
        fleet.start(relays=1, agents=1)
        shown = fleet.json("origins", "create", "files", "--base-urls", "https://files.example/", "--base-urls=https://b.example/",
                           "--limits-max-connections", "7", "--limits-max-bytes-per-second", "64MiB",
                           "--limits-windows", '{"length": "3600s", "maxBytes": "1000000000000"}')["origin"]
        assert shown["baseUrls"] == ["https://files.example/", "https://b.example/"], shown
        assert shown["limits"] == {"maxConnections": 7, "maxBytesPerSecond": str(64 << 20),
                                   "windows": [{"length": "3600s", "maxBytes": "1000000000000"}]}, shown
        # A file or standard input holds the request, or the resource alone; flags go over it.
        path = f"{fleet.root}/origin.json"
        with open(path, "w") as file:
            json.dump({"name": "two", "base_urls": ["https://two.example/"], "limits": {"maxConnections": 3}}, file)
        two = fleet.json("origins", "create", "--from-file", path, "--limits.max-connections", "9")["origin"]
        assert two["limits"] == {"maxConnections": 9} and two["name"] == "two", two
        three = run_with_input(fleet, '{"origin": {"name": "three", "baseUrls": ["https://three.example/"]}}',
                               "origins", "create", "--from-file", "-", "--output", "json")
        assert json.loads(three)["origin"]["name"] == "three"
        listed = fleet.json("origins", "list")
        assert [origin["name"] for origin in listed["origins"]] == ["files", "three", "two"]
        assert yaml.safe_load(fleet.run("origins", "list", "--output", "yaml").stdout) == listed
        table = fleet.run("origins", "list").stdout.split("\n")
        assert table[0].split() == ["NAME", "CREATE-TIME"] and table[1].split()[0] == "files" and len(table) == 5, table
        chosen = fleet.run("origins", "list", "--columns", "name,limits.maxConnections").stdout.split("\n")
        assert [line.split() for line in chosen[1:4]] == [["files", "7"], ["three"], ["two", "9"]], chosen
        assert "--page-token" in fleet.run("origins", "list", "--page-size", "1").stdout
        assert [node["name"] for node in fleet.json("nodes", "list", "--role", "relay")["nodes"]] == ["relay-1"]
        assert " relay " in fleet.run("nodes", "list", "--role=relay").stdout


def case_help_and_refusals(binary):
    """Help is the protos' comments; what is wrong with a command is one sentence and an exit code."""
    with Fleet(binary) as fleet:
        fleet.start_control()
        shown = fleet.run("nodes", "list", "--help").stdout
        for text in ("Lists nodes, a page at a time.", "--role relay|agent", "Pulls from origins and serves.", "-o, --output table|json|yaml",
                     "--insecure-plaintext", "SLUICE_PLAINTEXT=1"):
            assert text in shown, f"{text} is missing in\n{shown}"
        assert "--config-assist-after DURATION" in fleet.run("distributions", "create", "--help").stdout
        assert "--state" not in fleet.run("distributions", "create", "--help").stdout, "what control sets is a flag"
        assert "watch" in fleet.run("distributions", "--help").stdout
        assert "one of relay, agent" in failure(fleet, "nodes", "list", "--role", "king", expect=64)
        assert "--colour" in failure(fleet, "nodes", "list", "--colour", "red", expect=64)
        assert "64MiB" in failure(fleet, "origins", "create", "a", "--limits-max-bytes-per-second", "fast", expect=64)
        assert "30s" in failure(fleet, "distributions", "create", "--config-assist-after", "soon", expect=64)
        # What the command line cannot know is control's to refuse.
        assert "page" in failure(fleet, "nodes", "list", "--page-token", "mine", expect=2)
        assert "NAME is missing" in failure(fleet, "distributions", "get", expect=64)
        assert "whole number" in failure(fleet, "nodes", "list", "--page-size", "many", expect=64)
        assert "315576000000s" in failure(fleet, "join-tokens", "create", "--role", "agent", "--lifetime", "200000000d", expect=64)
        assert fleet.run("help", "nodes", "list").stdout == shown == fleet.run("nodes", "list", "-h").stdout
        assert fleet.run("nodes", "help").stdout == fleet.run("help", "nodes").stdout == fleet.run("nodes", "--help").stdout
        assert "HOST:PORT" in failure(fleet, "nodes", "list", "--server", "nowhere", expect=64)
        assert "/nowhere" in failure(fleet, "origins", "create", "--from-file", "/nowhere", expect=3)
        assert "none" in failure(fleet, "distributions", "get", "none", expect=3)
        # The node stream is not for users.
        assert failure(fleet, "node-streams", "connect", expect=64)


def case_watch(binary):
    """get --watch follows a distribution to its end, an answer below the other where nobody looks."""
    with Fleet(binary) as fleet:
        path = fleet.origin.make_file("build.img", 8)
        fleet.start(relays=1, agents=1)
        fleet.register_origin("files", "--limits-max-bytes-per-second", "4MB")
        made = fleet.json("distributions", "create", "--source-url", fleet.origin.base_url + "build.img",
                          "--target-labels", "role=demo", "--config-assist-after", "1m30s")["distribution"]
        assert made["config"] == {"assistAfter": "90s"}, made
        shown = fleet.run("distributions", "get", made["name"], "--watch", "--output", "json").stdout
        answers = [json.loads(line)["distribution"] for line in shown.strip().split("\n")]
        assert len(answers) > 1 and answers[-1]["state"] == "DISTRIBUTION_STATE_COMPLETED", answers[-1]
        assert sha256_of(fleet.delivered(1, "build.img")) == sha256_of(path)
        assert "\x1b" not in fleet.run("distributions", "get", made["name"], "--watch").stdout


def case_watches_agree(binary):
    """However a distribution is followed, its end is the exit code: 1 where it failed, 130 where it was cancelled."""
    with Fleet(binary) as fleet:
        fleet.origin.make_file("build.img", 1)
        fleet.start(relays=1, agents=1)
        fleet.register_origin()
        url = fleet.origin.base_url + "build.img"
        pushed = fleet.run("push", url, "--to", "role=demo", "--sha256", "0" * 64, "--watch", expect=1)
        name = pushed.stdout.split(":")[0]
        for command in (("get", name, "--watch"), ("watch", name), ("watch", name, "-o", "json")):
            done = fleet.run("distributions", *command, expect=1)
            assert f"{name} failed" in done.stderr and name in done.stdout, done
        fleet.run("distributions", "get", name)
        # A byte per second: nobody gets done.
        fleet.run("origins", "update-limits", "demo-origin", "--limits-max-bytes-per-second", "1B")
        fleet.origin.make_file("slow.img", 4)
        slow = fleet.json("push", fleet.origin.base_url + "slow.img", "--to", "role=demo")["name"]
        watch = fleet.watch(slow)
        watch.await_line(slow)
        fleet.run("distributions", "cancel", slow)
        assert watch.popen.wait(20) == 130
        for command in (("get", slow, "--watch"), ("watch", slow)):
            assert "was cancelled" in fleet.run("distributions", *command, expect=130).stderr


def case_one_way_to_write_numbers(binary):
    """push takes sizes and durations as generated commands do, and bare numbers of bytes as ever."""
    with Fleet(binary) as fleet:
        fleet.origin.make_file("build.img", 4)
        fleet.start(relays=1, agents=1)
        fleet.register_origin()
        made = fleet.json(
            "push", fleet.origin.base_url + "build.img", "--to", "role=demo", "--dry-run", "--size", "4MiB", "--piece-length", "64KiB",
            "--max-rate", "10MB/s", "--minimum-rate", "5000000", "--max-upload", "1.5MB", "--assist-below", "1MB", "--assist-after",
            "1m30s", "--expect", "2d")
        assert yaml.safe_load(fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo", "--dry-run", "-o", "yaml").stdout)
        assert made["size"] == str(4 << 20) and made["config"] == {
            "assistBelowBytesPerSecond": "1000000", "assistAfter": "90s", "maxAgentBytesPerSecond": "10000000",
            "pieceLength": 65536, "expectedDuration": "172800s", "minimumBytesPerSecond": "5000000",
            "maxAgentUploadBytesPerSecond": "1500000"}, made
        assert "fast" in failure(fleet, "push", "x", "--to", "a=b", "--max-rate", "fast", expect=64)


def case_a_terminal_of_sixty_columns(binary):
    """In a narrow terminal a bar is drawn over in one line, and a table shows how things stand."""
    with Fleet(binary) as fleet:
        fleet.origin.make_file("build.img", 8)
        fleet.start(relays=1, agents=1)
        fleet.register_origin("files", "--limits-max-bytes-per-second", "4MB")

        def in_terminal(*arguments):
            command = f"stty cols 60; exec {shlex.join([fleet.binary, *arguments])}"
            environment = dict(os.environ, SLUICE_SERVER=fleet.listens["control"])
            environment.pop("COLUMNS", None)
            done = subprocess.run(["script", "-qec", command, "/dev/null"], env=environment, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, done
            return done.stdout

        shown = in_terminal("push", fleet.origin.base_url + "build.img", "--to", "role=demo", "--sha256",
                            sha256_of(f"{fleet.root}/origin/files/build.img"), "--watch")
        bars = re.split(r"[\r\n]+", shown.split("\n", 1)[1].strip())
        assert len(bars) > 2 and all(len(bar) < 60 for bar in bars), bars
        assert any("/s" in bar for bar in bars) and "1/1 done" in bars[-1], bars
        table = in_terminal("distributions", "list").replace("\r", "").strip().split("\n")
        assert "STATE" in table[0] and "completed" in table[1] and all(len(line) <= 60 for line in table), table


def case_contexts(binary):
    """A context is changed by what is given alone; many changes at once lose none; the file is its owner's."""
    with Fleet(binary) as fleet, tempfile.TemporaryDirectory() as folder:
        fleet.start_control()
        path = f"{folder}/deep/config.json"
        authority, token = f"{fleet.root}/control/ca.crt", f"{fleet.root}/control/admin.token"
        clean = {key: value for key, value in os.environ.items() if not key.startswith("SLUICE_")}

        def run(*arguments, expect=0, given=None):
            done = subprocess.run([fleet.binary, *arguments], env={**clean, "SLUICE_CONFIG": path}, input=given, capture_output=True,
                                  text=True, timeout=60)
            assert done.returncode == expect, (arguments, done)
            return done.stderr if expect else done.stdout

        server = fleet.listens["control"]
        assert "needs a --server" in run("context", "set", "work", "--ca", authority, expect=2)
        assert "certificate in PEM" in run("context", "set", "work", "--server", server, "--ca", token, expect=2)
        run("context", "set", "work", "--server", server, "--ca", authority, "--token", "-", given=Path(token).read_text())
        assert os.stat(path).st_mode & 0o777 == 0o600
        run("nodes", "list")
        # The address alone changes, and what is trusted stays.
        run("context", "set", "work", "--server", "127.0.0.1:1")
        kept = json.loads(Path(path).read_text())["contexts"][0]
        assert kept["token"] == Path(token).read_text().strip() and kept["certificateAuthority"] == Path(authority).read_text()
        run("context", "set", "work", "--server", server)
        run("nodes", "list")
        run("context", "set", "work", "--no-token")
        run("nodes", "list", expect=5)
        run("context", "set", "work", "--token", f"@{token}")
        run("context", "set", "other", "--server", "other.example:7447", "--ca", authority)
        assert run("context", "current") == "other\n"
        run("context", "set", "work", "--server", server)
        assert run("context", "current") == "other\n", "changing a context made it the current one"
        run("context", "use", "work")
        assert "other already" in run("context", "rename", "work", "other", expect=4)
        run("context", "rename", "work", "job")
        assert run("context", "current") == "job\n"
        listed = json.loads(run("context", "list", "-o", "json"))
        assert listed == yaml.safe_load(run("context", "list", "--output", "yaml"))
        assert listed["contexts"] == [
            {"name": "job", "server": server, "access": "TLS", "hasToken": True, "isCurrent": True},
            {"name": "other", "server": "other.example:7447", "access": "TLS", "hasToken": False, "isCurrent": False}], listed
        assert Path(token).read_text().strip() not in run("context", "list") + run("context", "current", "-o", "yaml")
        assert run("context", "list").split("\n")[1].split()[:2] == ["*", "job"]
        run("context", "set", "bad name", "--server", server, expect=2)
        run("context", "rename", "none", "some", expect=3)
        many = [subprocess.Popen([fleet.binary, "context", "set", f"c{number}", "--server", server],
                                 env={**clean, "SLUICE_CONFIG": path}) for number in range(20)]
        assert [one.wait(60) for one in many] == [0] * 20
        names = {one["name"] for one in json.loads(run("context", "list", "-o", "json"))["contexts"]}
        assert names == {"job", "other", *(f"c{number}" for number in range(20))}, names
        run("context", "use", "job")
        run("context", "delete", "job")
        assert "no context" in run("context", "current", expect=3)


def case_plaintext_is_asked_for_by_name(binary):
    """--plaintext and its variable are for loopback; elsewhere it takes --insecure-plaintext or the variable of that name."""
    with Fleet(binary, plaintext=True, host="0.0.0.0") as fleet:
        fleet.start_control()
        port = fleet.listens["control"].rpartition(":")[2]
        clean = {key: value for key, value in os.environ.items() if not key.startswith("SLUICE_")}

        def run(host, *flags, variable=None):
            environment = {**clean, "SLUICE_CONFIG": f"{fleet.root}/none.json", "SLUICE_SERVER": f"{host}:{port}"}
            if variable:
                environment[variable] = "1"
            return subprocess.run([fleet.binary, "nodes", "list", *flags], env=environment, capture_output=True, text=True, timeout=60)

        for options in ({"variable": "SLUICE_PLAINTEXT"}, {"flags": ["--plaintext"]}):
            flags = options.get("flags", [])
            assert run("127.0.0.1", *flags, variable=options.get("variable")).returncode == 0
            # 127.0.0.2.example would be a name of anybody's.
            for host in ("0.0.0.0", "127.0.0.2.example"):
                refused = run(host, *flags, variable=options.get("variable"))
                assert refused.returncode == 4 and "not loopback" in refused.stderr and "--insecure-plaintext" in refused.stderr, refused
        assert run("0.0.0.0", "--insecure-plaintext").returncode == 0
        assert run("0.0.0.0", variable="SLUICE_INSECURE_PLAINTEXT").returncode == 0
        assert run("127.0.0.1").returncode == 4, "nothing was asked for"


def case_what_nodes_say_cannot_steer_a_terminal(binary):
    """A node whose words hold escape sequences: tables, lines, JSON, YAML and sentences of errors hold none."""
    evil = "\x1b]0;owned\x07\n\x9b31m\u202eevil"
    with Fleet(binary) as fleet:
        fleet.start_control()
        fleet.start_agent(1, labels=(f"role=demo", f"note={evil}"))
        wait_until(lambda: fleet.json("nodes", "list").get("nodes"), 20, "the agent")
        outputs = [fleet.run("nodes", *verb, *output).stdout for verb in (["list"], ["list", "--columns", "name,labels"], ["get", "agent-1"])
                   for output in ([], ["-o", "json"], ["-o", "yaml"])]
        said = failure(fleet, "nodes", "get", evil, expect=3)
        assert any("u001b" in output for output in outputs) and "u001b" in said, outputs
        for text in (*outputs, said):
            assert all(character == "\n" or character >= " " and not "\x7f" <= character <= "\x9f" and character != "\u202e"
                       for character in text), repr(text)
        assert said.count("\n") == 1
        labels = json.loads(outputs[7])["node"]["labels"]
        assert {"key": "note", "value": evil} in labels and yaml.safe_load(outputs[8])["node"]["labels"] == labels, labels


class FaultyOrigin(ThreadingHTTPServer):
    """A file of which every range fails a few times: refused, cut in the middle, or reset; counts what it gave."""

    def __init__(self, content, faults, etag='"one"'):
        super().__init__(("127.0.0.1", 0), FaultyHandler)
        self.content, self.faults, self.etag = content, faults, etag
        self.failed, self.given, self.gate, self.ranges = {}, 0, None, True
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        """A probe that has seen enough hangs up."""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/file.img"


class FaultyHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def head(self, status, length, *fields):
        self.send_response(status)
        ranges = "bytes" if self.server.ranges else "none"
        for name, value in (("Content-Length", length), ("Accept-Ranges", ranges), ("ETag", self.server.etag), *fields):
            self.send_header(name, str(value))
        self.end_headers()

    def do_HEAD(self):
        self.head(200, len(self.server.content))

    def do_GET(self):
        server = self.server
        whole = (0, len(server.content) - 1)
        start, end = map(int, self.headers["range"].removeprefix("bytes=").split("-")) if server.ranges else whole
        part = server.content[start:end + 1]
        with server.lock:
            nth = server.failed[end] = server.failed.get(end, 0) + 1
        fault = server.faults[nth - 1] if nth <= len(server.faults) else None
        if fault == "503":
            self.head(503, 0, ("Retry-After", 0))
            return
        if fault == "404":
            self.head(404, 0)
            return
        if server.ranges:
            self.head(206, len(part), ("Content-Range", f"bytes {start}-{end}/{len(server.content)}"))
        else:
            self.head(200, len(part))
        if fault == "cut":
            part = part[:len(part) // 2]
        for at in range(0, len(part), 1 << 18):
            if server.gate and start + at >= server.gate:
                self.close_connection = True
                return
            self.wfile.write(part[at:at + (1 << 18)])
            with server.lock:
                server.given += len(part[at:at + (1 << 18)])
        if fault:
            self.close_connection = True


def case_get_direct_draws_a_bar_for_a_person(binary):
    """On a terminal get --direct draws how far it is, also where it has to begin anew; into a pipe it says nothing."""
    content = os.urandom(24 << 20)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.img"
        for faults, ranges in (([], True), (["cut", "whole"], False)):
            origin = FaultyOrigin(content, faults)
            origin.ranges = ranges
            command = [binary, "get", "--direct", "-o", str(out), origin.url]
            drawn = subprocess.run(["script", "-qec", shlex.join(command), "/dev/null"], capture_output=True, text=True, timeout=60)
            assert drawn.returncode == 0, drawn
            shown = [int(percent) for percent in re.findall(r"out.img \[[#.]{24}\] +(\d+)%", drawn.stdout)]
            assert shown and shown[-1] == 100 and all(percent <= 100 for percent in shown), drawn.stdout
            assert "24.0 MiB of 24.0 MiB" in drawn.stdout and out.read_bytes() == content, drawn.stdout
            out.unlink()
        quiet = subprocess.run([binary, "get", "--direct", "-o", str(out), FaultyOrigin(content, []).url], capture_output=True,
                               text=True, timeout=60)
        assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", ""), quiet


def case_get_direct(binary):
    """get --direct: ranges that fail are fetched again from where they broke off; a killed run is gone on with, unless the file changed."""
    content = os.urandom(24 << 20)
    digest = hashlib.sha256(content).hexdigest()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.img"
        command = [binary, "get", "--direct", "-o", str(out), "--sha256", digest]

        def run(origin, expect=0):
            done = subprocess.run([*command, origin.url], capture_output=True, text=True, timeout=120)
            assert done.returncode == expect, done
            return done.stderr

        origin = FaultyOrigin(content, ["503", "cut", "reset"])
        run(origin)
        assert out.read_bytes() == content and os.listdir(folder) == ["out.img"], os.listdir(folder)
        assert len(content) <= origin.given < 1.6 * len(content), f"{origin.given} bytes were given"
        out.unlink()
        # It gives three ranges of six and nothing more; the run is killed; the next one takes the rest.
        origin = FaultyOrigin(content, [])
        origin.gate = len(content) // 2
        process = subprocess.Popen([*command, origin.url], stderr=subprocess.PIPE)
        record = Path(folder) / "out.img.sluice-done"
        wait_until(lambda: record.exists() and json.loads(record.read_text())["done"] == [[0, 3]], 30, "a record of three ranges")
        process.kill()
        process.wait()
        assert not out.exists()
        origin.gate, before = None, origin.given
        assert "are there from before" in run(origin)
        assert out.read_bytes() == content and os.listdir(folder) == ["out.img"], os.listdir(folder)
        assert origin.given - before == len(content) // 2, "what was there was fetched again"
        out.unlink()
        # Without ranges it begins anew each time, and leaves nothing behind where it fails.
        origin = FaultyOrigin(content, ["whole", "cut", "503"])
        origin.ranges = False
        run(origin)
        assert out.read_bytes() == content and os.listdir(folder) == ["out.img"], os.listdir(folder)
        out.unlink()
        origin = FaultyOrigin(content, ["whole", "404"])
        origin.ranges = False
        run(origin, expect=3)
        assert os.listdir(folder) == [], os.listdir(folder)
        # What will not pass by itself is told at once, and what is there stays for the next run.
        origin = FaultyOrigin(content, ["404"])
        run(origin, expect=3)
        assert not out.exists()
        # Another version shares nothing with the one before.
        changed = bytes(reversed(content))
        other = FaultyOrigin(changed, [], etag='"two"')
        command[-1] = hashlib.sha256(changed).hexdigest()
        run(other)
        assert out.read_bytes() == changed and other.given == len(changed), other.given
        out.unlink()
        command[-1] = "0" * 64
        run(other, expect=1)
        assert os.listdir(folder) == [], "a file that is not what was asked for stays behind"


def case_connection_limits_are_flags(binary):
    """Every limit of the one table in the docs is a flag of control and relay, in range, and holds."""
    from raw_http2 import HEADERS, END_HEADERS, Connection, GOAWAY, frame, request, reset

    page = (Path(__file__).resolve().parents[2] / "Sources/HTTP/HTTP.docc/Design.md").read_text()
    documented = set(re.findall(r"^\| `(--[a-z0-9-]+)`", page, re.MULTILINE))
    assert len(documented) > 25, documented
    with Fleet(binary, plaintext=True) as fleet:
        for role in ("control", "relay"):
            text = fleet.run(role, "--help").stdout
            shown = set(re.findall(r"^  (--(?:half-open|handshake|http2?)-[a-z0-9-]+)", text, re.MULTILINE))
            assert shown == documented, shown ^ documented
            # What everybody needs stands above what few ever change.
            assert text.index("  --data ") < text.index("  --half-open-per-address "), text
        for flag, value in (("--http2-streams", "0"), ("--http2-streams", "65536"), ("--http-body-grace", "1ms"), ("--half-open-per-address", "0")):
            said = failure(fleet, "control", "--data", f"{fleet.root}/none", "--plaintext", flag, value, expect=2)
            assert flag in said, said
        fleet.launch("control", ["control", "--data", f"{fleet.root}/control", "--listen", "LISTEN", "--http2-resets", "3",
                                 "--http2-resets-per-second", "0", "--http-head-deadline", "300ms"])
        with Connection(fleet.listens["control"]) as connection:
            for number in range(1, 21, 2):
                head = connection.block([(k, "127.0.0.1" if k == ":authority" else v) for k, v in request("/v1/origins")])
                connection.send(frame(HEADERS, END_HEADERS, number, head) + reset(number))
            assert connection.until(lambda one: one.kind == GOAWAY), "ten resets, and three were allowed"
        with Connection(fleet.listens["control"], preface=False) as connection:
            connection.send(b"GET /v1/origins HTTP/1.1\r\n")
            start = time.monotonic()
            while not connection.is_over():
                assert time.monotonic() - start < 3, "half a head is still waited for"
                time.sleep(0.01)
