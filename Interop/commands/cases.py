"""The command line that the protos make, used as a person and as a script would."""
import json
import os
import re
import subprocess
import time
from pathlib import Path

import yaml

from fleet import Fleet, sha256_of


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
        for text in ("Lists nodes, a page at a time.", "--role relay|agent", "Pulls from origins and serves.", "--output table|json|yaml"):
            assert text in shown, f"{text} is missing in\n{shown}"
        assert "--config-assist-after DURATION" in fleet.run("distributions", "create", "--help").stdout
        assert "--state" not in fleet.run("distributions", "create", "--help").stdout, "what control sets is a flag"
        assert "watch" in fleet.run("distributions", "--help").stdout
        assert "one of relay, agent" in failure(fleet, "nodes", "list", "--role", "king", expect=2)
        assert "--colour" in failure(fleet, "nodes", "list", "--colour", "red", expect=2)
        assert "64MiB" in failure(fleet, "origins", "create", "a", "--limits-max-bytes-per-second", "fast", expect=2)
        assert "30s" in failure(fleet, "distributions", "create", "--config-assist-after", "soon", expect=2)
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
