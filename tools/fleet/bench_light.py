"""Suite `light` of tools/bench: what an agent costs its machine: memory when idle and in a large download, and its size on disk."""
import json
import os
import subprocess
import sys
import time

from .fleet import Fleet
from .process import release_binary

MIB = 1 << 20
# Seconds after which an agent that has nothing to do is looked at.
SETTLING = 5


def memory(process, field):
    """A line of the process's memory in MiB: VmRSS is now, VmHWM the most so far."""
    with open(f"/proc/{process.popen.pid}/status") as file:
        for line in file:
            if line.startswith(field):
                return int(line.split()[1]) / 1024
    raise AssertionError(f"no {field} of a process")


def row(case, metric, unit, value, bar):
    return {"suite": "light", "case": case, "metric": metric, "unit": unit, "sluice": round(value, 2), "rival": None,
            "rival_name": None, "ratio": None, "runs": 1, "min": None, "max": None, "bar": bar,
            "holds": None if bar is None else value <= bar}


def stripped(program):
    """A copy of a program without its symbols."""
    copy = f"{program}-stripped"
    subprocess.run(["strip", "-o", copy, program], check=True)
    return copy


def rows(binary, gibibytes):
    agent_binary = stripped(release_binary("sluice-agent", "--static-swift-stdlib", "--scratch-path", ".build-static"))
    yield row("program", "sluice-agent, static Swift, stripped", "MiB", os.path.getsize(agent_binary) / MIB, None)
    with Fleet(binary) as fleet:
        fleet.agent_binary = agent_binary
        fleet.start(relays=1, agents=1)
        agent = fleet.processes["agent-1"]
        agent.await_line("connected")
        time.sleep(SETTLING)
        yield row("idle", "agent's resident memory", "MiB", memory(agent, "VmRSS"), 20)
        path = fleet.origin.make_sparse_file("large.img", gibibytes << 10)
        fleet.register_origin()
        fleet.run("push", fleet.origin.base_url + "large.img", "--to", "role=demo", "--watch", timeout=3600)
        assert os.path.getsize(fleet.delivered(1, "large.img")) == os.path.getsize(path)
        yield row(f"{gibibytes} GiB", "agent's resident memory at most", "MiB", memory(agent, "VmHWM"), 64)


def main(arguments, as_json, binary):
    gibibytes = int(arguments[0]) if arguments else 10
    failed = 0
    for found in rows(binary, gibibytes):
        failed += found["holds"] is False
        verdict = "" if found["bar"] is None else f"; bar {found['bar']}: {'holds' if found['holds'] else 'DOES NOT HOLD'}"
        print(json.dumps(found) if as_json else f"{found['case']:12} {found['metric']}: {found['sluice']} {found['unit']}{verdict}",
              flush=True)
    if failed:
        print(f"bench light: {failed} bars do not hold", file=sys.stderr)
    return 1 if failed else 0
