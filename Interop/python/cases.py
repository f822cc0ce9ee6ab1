"""The short Python client of the README does what it says."""
import os
import subprocess
import sys
from pathlib import Path

from fleet import Fleet, sha256_of

CLIENT = Path(__file__).resolve().parent / "client.py"


def run(fleet, *arguments, token=None):
    environment = dict(os.environ, SLUICE_CA=f"{fleet.root}/control/ca.crt", SLUICE_TOKEN=token or fleet.context()["token"])
    return subprocess.run([sys.executable, "-B", str(CLIENT), fleet.listens["control"], *arguments], env=environment,
                          capture_output=True, text=True, timeout=120)


def case_push_and_follow(binary):
    """client.py, made of the protos at run time, pushes a file to two agents, follows it to its end, and lists it."""
    with Fleet(binary) as fleet:
        path = fleet.origin.make_file("build.img", 8)
        fleet.start(relays=1, agents=2)
        fleet.register_origin()
        done = run(fleet, fleet.origin.base_url + "build.img", "role=demo")
        assert done.returncode == 0, done.stdout + done.stderr
        lines = done.stdout.split("\n")
        assert lines[0].startswith("d-") and lines[-2].startswith("completed: 2 of 2 targets"), lines
        for agent in (1, 2):
            assert sha256_of(fleet.delivered(agent, "build.img")) == sha256_of(path)
        viewer = fleet.json("api-tokens", "create", "reader", "--role", "viewer")["token"]
        listed = run(fleet, "list", token=viewer)
        assert listed.stdout.split() == [lines[0], "completed", fleet.origin.base_url + "build.img"], listed
        denied = run(fleet, fleet.origin.base_url + "build.img", "role=demo", token=viewer)
        assert denied.returncode == 1 and "PERMISSION_DENIED" in denied.stderr, denied.stderr
        refused = run(fleet, "https://elsewhere.example/build.img", "role=demo")
        assert refused.returncode == 1 and "elsewhere.example" in refused.stderr, refused.stderr
