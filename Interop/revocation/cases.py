"""Hashes that relays have signed are trusted no more: `sluice distributions rehash`, while a file is on its way."""
import signal

from crash.cases import SIZE_MIB, finish, push_slowly, target
from fleet import Fleet, sha256_of, wait_until


def revoked(fleet, *names):
    return all(any("hashes were revoked" in line for line in fleet.processes[name].lines) for name in names)


def states(fleet, name):
    return {t["node"]: t["state"] for t in fleet.distribution(name)["targets"]}


def case_relays_sign_anew_and_nothing_is_pulled_twice(binary):
    """Two relays and two agents in mid-push: all take their hashes back, the relays sign anew, the file comes whole."""
    with Fleet(binary, origin_rate=3_000_000, lease_seconds=5) as fleet:
        path, name = push_slowly(fleet, relays=2)
        fleet.run("distributions", "rehash", name)
        wait_until(lambda: revoked(fleet, "agent-1", "agent-2"), 20, "both agents to take their hashes back")
        finish(fleet, path, name)
        sent = fleet.origin.bytes_sent("/build.img")
        assert sent <= (SIZE_MIB << 20) * 1.02, f"{sent} bytes left the origin"
        # Sent once more behind another revocation, all of it is signed anew.
        assert fleet.distribution(name).get("magnetLink")
        fleet.run("distributions", "rehash", name)
        assert not fleet.distribution(name).get("magnetLink")
        fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo", "--watch", "--file-name", "again.img")
        assert sha256_of(fleet.delivered(1, "again.img")) == sha256_of(path)


def case_who_was_whole_proves_it_again(binary):
    """One agent is whole and another stands still: the first proves all it has again, and the torrent is made anew."""
    with Fleet(binary, lease_seconds=5) as fleet:
        path = fleet.origin.make_file("build.img", SIZE_MIB)
        fleet.start_control()
        fleet.start_relay(1)
        fleet.start_agent(1)
        fleet.start_agent(2)
        fleet.register_origin()
        slow = fleet.processes["agent-2"].popen
        slow.send_signal(signal.SIGSTOP)
        fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo")
        name = fleet.json("distributions", "list")["distributions"][0]["name"]
        wait_until(lambda: states(fleet, name)["agent-1"] == "TASK_STATE_COMPLETED", 60, "one agent to be whole")
        assert fleet.distribution(name)["state"] == "DISTRIBUTION_STATE_RUNNING"
        fleet.run("distributions", "rehash", name)
        wait_until(lambda: revoked(fleet, "agent-1"), 20, "it to take its hashes back")
        wait_until(lambda: states(fleet, name)["agent-1"] == "TASK_STATE_COMPLETED", 60, "it to be whole again")
        assert sha256_of(fleet.delivered(1, "build.img")) == sha256_of(path)
        wait_until(lambda: fleet.distribution(name).get("magnetLink"), 30, "the torrent to be made anew")
        slow.send_signal(signal.SIGCONT)
        finish(fleet, path, name)
        sent = fleet.origin.bytes_sent("/build.img")
        assert sent <= (SIZE_MIB << 20) * 1.02, f"{sent} bytes left the origin"


def case_control_is_killed_behind_it(binary):
    """kill -9 right after the answer: the revocation holds, and nodes hear of it when control is back."""
    with Fleet(binary, origin_rate=3_000_000, lease_seconds=5) as fleet:
        path, name = push_slowly(fleet, relays=2)
        before = int(target(fleet, name)["verifiedBytes"])
        assert before > 0
        fleet.run("distributions", "rehash", name)
        fleet.processes["control"].kill()
        fleet.restart("control")
        wait_until(lambda: revoked(fleet, "agent-1", "agent-2"), 30, "both agents to take their hashes back")
        finish(fleet, path, name)
