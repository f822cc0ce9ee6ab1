"""The suite `control` of tools/bench: a crowd of agents' streams on one control server on this machine."""
import json
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import time
from pathlib import Path

from .fleet import Fleet
from .process import Process, free_port, wait_until

# Files a process has open beside its streams.
SPARE_FILES = 200
# What a kill -9 may cost, in seconds: the time all agents have to be back, in plaintext and over TLS.
RECONNECT_LIMIT = {False: 120, True: 300}
# Connections at once that an origin allows which every agent wants one of.
LEASED = 500
# How long agents take turns at it, before and after a kill -9 of control.
LEASE_SECONDS = 40
# How long agents tell how far they are, until all are done at the same moment.
STATUS_SECONDS = 20


class Crowd(Process):
    """The load generator, and the counts it last printed."""

    def __init__(self, program, server, streams, root, *extra):
        super().__init__(
            [str(program), "control", "--server", server, "--streams", str(streams), "--relay", *extra],
            "crowd", f"{root}/crowd.log",
        )

    @property
    def counts(self):
        with self.arrived:
            line = self.lines[-1] if self.lines else "{}"
            del self.lines[:-50]
        return json.loads(line) if line.startswith("{") else {}

    def wait(self, name, value, seconds):
        """Waits for a count, and returns all of them."""
        def reached():
            assert self.running, "the generator has ended"
            counts = self.counts
            return counts if counts.get(name, 0) >= value else None
        try:
            return wait_until(reached, seconds, f"{name} = {value}")
        except AssertionError as error:
            raise AssertionError(f"{error}; the crowd stands at {self.counts}") from None


def resident(pid):
    """Resident memory in bytes."""
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def acknowledged(fleet, file_name):
    """Assignments of the newest distribution whose latest revision is stored as applied."""
    with sqlite3.connect(f"file:{fleet.root}/control/control.sqlite?mode=ro", uri=True, timeout=10) as database:
        return database.execute(
            "SELECT count(*) FROM task WHERE kind = 'agent' AND acknowledged_revision = revision AND distribution ="
            " (SELECT d.id FROM distribution d JOIN blob b ON b.id = d.blob WHERE b.file_name = ?)", (file_name,)
        ).fetchone()[0]


def say(text):
    print(f"-- {text}", file=sys.stderr, flush=True)


def main(arguments, as_json, binary):
    """Prints a row for each thing measured; `binary` is sluice, with sluice-bench beside it."""
    options = {"streams": "10000", "runs": "1", "agents-per-connection": "1"}
    flags = ("--skip-unary", "--skip-leases", "--skip-statuses", "--tls")
    chosen = {flag.removeprefix("--") for flag in flags if flag in arguments}
    rest = iter([argument for argument in arguments if argument not in flags])
    for argument in rest:
        options[argument.removeprefix("--")] = next(rest)
    streams, shared = int(options["streams"]), int(options["agents-per-connection"])
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1] - SPARE_FILES
    if streams > most * shared:
        print(f"this machine lets a process have {most} connections, not {streams // shared} (hard limit of open files)",
              file=sys.stderr)
        return 64
    binary = Path(binary)
    if not (binary.parent / "sluice-bench").exists():
        subprocess.run(["swift", "build", "-c", "release", "--product", "sluice-bench"], check=True, stdout=sys.stderr,
                       cwd=Path(__file__).resolve().parent.parent.parent)
    runs = [list(run(binary, streams, shared, chosen)) for _ in range(int(options["runs"]))]
    for measured in zip(*runs):
        show(row(measured), as_json)
    return 0


def row(measured):
    """One row out of what every run measured: (case, metric, unit, value, rival, rival_name)."""
    case, metric, unit, _, _, rival_name = measured[0]
    values = [one[3] for one in measured]
    rivals = [one[4] for one in measured if one[4] is not None]
    middle, rival = statistics.median(values), statistics.median(rivals) if rivals else None
    return {"suite": "control", "case": case, "metric": metric, "unit": unit, "sluice": round(middle, 3),
            "rival": rival and round(rival, 3), "rival_name": rival_name,
            "ratio": round(middle / rival, 3) if rival else None, "runs": len(values),
            "min": round(min(values), 3), "max": round(max(values), 3)}


def show(one, as_json):
    if as_json:
        print(json.dumps(one), flush=True)
        return
    rival = f"  {one['rival_name']} {one['rival']}, ratio {one['ratio']}" if one["rival"] else ""
    print(f"{one['case']:18} {one['metric']:36} {one['sluice']:>10} {one['unit']:7}"
          f" ({one['min']} to {one['max']}, {one['runs']} runs){rival}", flush=True)


def enrollment(fleet, streams):
    """What the generator needs so that every node of it has a certificate."""
    def token(role):
        return fleet.json("join-tokens", "create", "--role", role, "--max-uses", str(streams), "--lifetime", "3600s")["token"]
    return "--authority", fleet.authority, "--agent-token", token("agent"), "--relay-token", token("relay")


def case_name(streams, shared, tls):
    return f"{streams} streams{f', {shared} a connection' if shared > 1 else ''}{' over TLS' if tls else ''}"


def run(binary, streams, shared, chosen):
    """Yields (case, metric, unit, value, rival, rival_name). Over TLS what control remembers of an enrolled node counts as its
    stream's."""
    tls = "tls" in chosen
    case = case_name(streams, shared, tls)
    load = binary.parent / "sluice-bench"
    with Fleet(binary, plaintext=not tls) as fleet:
        for name in ("one.img", "two.img"):
            fleet.origin.make_file(name, 1)
        control = fleet.start_control()
        fleet.register_origin()
        time.sleep(1)
        before = resident(control.popen.pid)
        extra = enrollment(fleet, streams) if tls else ()
        start = time.monotonic()
        crowd = join(fleet, load, streams, shared, *extra)
        if tls:
            crowd.await_line('"enrolled"', 300)
            yield case, "all enrolled after", "s", time.monotonic() - start, None, None
            start = time.monotonic()
        counts = crowd.wait("welcomed", streams + 1, 300)
        yield case, "all connected after", "s", counts["last_welcome"] - start, None, None
        time.sleep(3)
        after = resident(control.popen.pid)
        say(f"control {before >> 20} MiB before, {after >> 20} MiB after; generator {resident(crowd.popen.pid) >> 20} MiB")
        yield case, "resident memory of an idle stream", "KiB", (after - before) / streams / 1024, None, None
        yield from push_to_all(fleet, control, crowd, streams, case)
        yield from back_after_kill(fleet, crowd, streams, case, RECONNECT_LIMIT[tls])
    if "skip-statuses" not in chosen and not tls:
        yield from statuses(binary, load, streams, shared)
    if "skip-leases" not in chosen and not tls:
        yield from leases(binary, load, streams, shared)
    if "skip-unary" not in chosen:
        yield from unary(binary, load)


def join(fleet, load, streams, shared, *extra):
    """Starts the generator; it ends with the fleet."""
    crowd = Crowd(load, fleet.listens["control"], streams, fleet.root, "--agents-per-connection", str(shared), *extra)
    fleet.processes["crowd"] = crowd
    return crowd


def leases(binary, load, streams, shared):
    """Every agent wants a connection of one origin that allows few: they take turns, over a kill -9 of control too, and the
    sum of what they use at any instant is counted by the generator, which holds them all."""
    case = f"leases, {case_name(streams, shared, False)}"
    with Fleet(binary, plaintext=True) as fleet:
        control = fleet.start_control()
        fleet.register_origin("demo-origin", "--limits-max-connections", str(LEASED))
        crowd = join(fleet, load, streams, shared, "--origin", "demo-origin", "--leases")
        crowd.wait("welcomed", streams + 1, 300)
        for part in ("", "kill -9: "):
            if part:
                fleet.processes["control"].kill()
                start = time.monotonic()
                control = fleet.restart("control")
                counts = crowd.wait("welcomed", streams + 1, RECONNECT_LIMIT[False])
                yield case, "kill -9: all back after", "s", counts["last_welcome"] - start, None, None
            before, used = crowd.counts, processor_seconds(control.popen.pid)
            time.sleep(LEASE_SECONDS)
            after, used = crowd.counts, processor_seconds(control.popen.pid) - used
            heartbeats = after["heartbeats"] - before["heartbeats"]
            yield case, f"{part}heartbeats", "1/s", heartbeats / LEASE_SECONDS, None, None
            yield case, f"{part}control's processor per heartbeat", "us", used / heartbeats * 1e6, None, None
            yield case, f"{part}turns of a second each", "1/s", (after["served"] - before["served"]) / LEASE_SECONDS, None, None
        most = crowd.counts["most_leased"]
        assert 0 < most <= LEASED, f"{most} connections were in use at once, of {LEASED}"
        yield case, f"most connections at once, of {LEASED}", "", most, None, None


def statuses(binary, load, streams, shared):
    """Every agent tells how far it is, as often as control asks it to, while a user watches; then all are done at once."""
    case = f"statuses, {case_name(streams, shared, False)}"
    with Fleet(binary, plaintext=True) as fleet:
        control = fleet.start_control()
        fleet.register_origin()
        fleet.origin.make_file("one.img", 1)
        crowd = join(fleet, load, streams, shared, "--complete-after", str(STATUS_SECONDS))
        crowd.wait("welcomed", streams + 1, 300)
        fleet.run("push", fleet.origin.base_url + "one.img", "--to", "bench=yes")
        name = fleet.json("distributions", "list")["distributions"][0]["name"]
        watch = fleet.watch(name)
        crowd.wait("tasks", streams, 120)
        wait_until(lambda: acknowledged(fleet, "one.img") == streams, 120, "every acknowledgement in the store")
        before, used, start = crowd.counts, processor_seconds(control.popen.pid), time.monotonic()
        time.sleep(STATUS_SECONDS / 2)
        after, used, took = crowd.counts, processor_seconds(control.popen.pid) - used, time.monotonic() - start
        yield case, "statuses stored", "1/s", (after["stored"] - before["stored"]) / took, None, None
        yield case, "control's processor, of one", "%", used / took * 100, None, None
        watch.await_line("DISTRIBUTION_STATE_COMPLETED", 120)
        yield case, "all done at once: known after", "s", time.monotonic() - crowd.counts["first_completed"], None, None
        assert fleet.distribution(name)["progress"]["completedCount"] == streams
        watch.stop()


def push_to_all(fleet, control, crowd, streams, case):
    used = processor_seconds(control.popen.pid)
    start = time.monotonic()
    fleet.run("push", fleet.origin.base_url + "one.img", "--to", "bench=yes")
    ordered = time.monotonic()
    counts = crowd.wait("tasks", streams, 120)
    say(f"the order was answered after {ordered - start:.2f} s, the first task came after"
        f" {counts['first_task'] - start:.2f} s")
    yield case, "push: order to last agent", "s", counts["last_task"] - start, None, None
    yield case, "push: first to last agent", "s", counts["last_task"] - counts["first_task"], None, None
    wait_until(lambda: acknowledged(fleet, "one.img") == streams, 120, "every acknowledgement in the store")
    yield case, "push: order to last ack stored", "s", time.monotonic() - start, None, None
    used = processor_seconds(control.popen.pid) - used
    yield case, "push: control's processor per agent", "us", used / streams * 1e6, None, None
    say(f"resident after the push: {resident(control.popen.pid) >> 20} MiB")


def back_after_kill(fleet, crowd, streams, case, limit):
    """Kills control right after it has confirmed an order; every agent has to come back and get its task."""
    tasks = crowd.counts["tasks"]
    fleet.run("push", fleet.origin.base_url + "two.img", "--to", "bench=yes")
    fleet.processes["control"].kill()
    start = time.monotonic()
    control = fleet.restart("control")
    say(f"control listens again after {time.monotonic() - start:.2f} s; {crowd.counts['open']} streams still open")
    crowd.wait("tasks", tasks + streams, limit)
    counts = crowd.wait("welcomed", streams + 1, limit)
    yield case, "kill -9: all back after", "s", counts["last_welcome"] - start, None, None
    wait_until(lambda: acknowledged(fleet, "two.img") == streams, 120, "every acknowledgement in the store")
    assert crowd.counts["tasks"] == tasks + streams, "a task was given twice as new"
    lost = streams - acknowledged(fleet, "two.img")
    yield case, "kill -9: tasks lost", "tasks", lost, None, None
    time.sleep(3)
    yield (case, "kill -9: resident memory of a stream", "KiB",
           resident(control.popen.pid) / streams / 1024, None, None)


def unary(binary, load):
    """Health checks, ours and grpcio's, one after the other in the same run."""
    with Fleet(binary, plaintext=True) as fleet:
        fleet.start_control()
        ours = unary_load(load, fleet.listens["control"])
    port = free_port()
    server = os.path.join(os.path.dirname(__file__), "grpcio_server.py")
    rival = Process([sys.executable, "-B", server, str(port)], "grpcio", os.devnull)
    try:
        rival.await_line("listening")
        theirs = unary_load(load, f"127.0.0.1:{port}")
    finally:
        rival.stop()
    for metric, unit in (("calls_per_second", "calls/s"), ("p50_ms", "ms"), ("p99_ms", "ms")):
        yield "unary health check", metric, unit, ours[metric], theirs[metric], "grpcio"


def unary_load(program, server):
    load = Process([str(program), "unary", "--server", server], "unary load", os.devnull)
    try:
        return json.loads(load.await_line(r"^\{.*\}$", 60).group(0))
    finally:
        load.stop()
