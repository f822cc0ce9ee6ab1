"""kill -9 in mid-transfer, of each role."""
import os

from fleet import Fleet, sha256_of, wait_until

SIZE_MIB = 24


def target(fleet, name, agent="agent-1"):
    found = [t for t in fleet.distribution(name).get("targets", []) if t["node"] == agent]
    return found[0] if found else {}


def push_slowly(fleet, agents=2, relays=1, options=()):
    path = fleet.origin.make_file("build.img", SIZE_MIB)
    fleet.start(relays=relays, agents=agents, agent_options=options, relay_options=options)
    fleet.register_origin()
    fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo")
    name = fleet.json("distributions", "list")["distributions"][0]["name"]
    wait_until(lambda: int(target(fleet, name).get("verifiedBytes", 0)) > 4 << 20, 60, "a fifth of the file")
    return path, name


def finish(fleet, path, name, agents=2):
    wait_until(lambda: fleet.distribution(name)["state"] == "DISTRIBUTION_STATE_COMPLETED", 120, "completion")
    for agent in range(1, agents + 1):
        assert sha256_of(fleet.delivered(agent, "build.img")) == sha256_of(path)


def case_control_is_killed(binary):
    """Control comes back with all it had, and the push completes."""
    with Fleet(binary, origin_rate=3_000_000, lease_seconds=5) as fleet:
        path, name = push_slowly(fleet)
        fleet.processes["control"].kill()
        fleet.restart("control")
        assert fleet.distribution(name)["state"] == "DISTRIBUTION_STATE_RUNNING"
        finish(fleet, path, name)


def case_a_relay_is_killed(binary):
    """The relay offers again only what it can prove, and does not pull it again."""
    with Fleet(binary, origin_rate=3_000_000, lease_seconds=5) as fleet:
        path, name = push_slowly(fleet)
        fleet.processes["relay-1"].kill()
        fleet.restart("relay-1")
        finish(fleet, path, name)
        egress = fleet.origin.bytes_sent("/build.img") / os.path.getsize(path)
        assert egress < 1.5, f"the origin gave {egress:.2f} files"


def case_a_relay_dies_for_good(binary):
    """One of two relays dies in mid-transfer and stays away: the other takes its stripes over."""
    with Fleet(binary, origin_rate=3_000_000, lease_seconds=3) as fleet:
        path, name = push_slowly(fleet, relays=2)
        fleet.processes["relay-2"].kill()
        finish(fleet, path, name)
        egress = fleet.origin.bytes_sent("/build.img") / os.path.getsize(path)
        assert egress < 1.25, f"the origin gave {egress:.2f} files"


def case_a_new_relay_takes_the_place_of_the_only_one(binary):
    """The only relay dies in mid-transfer and stays away; one that was never there before ends what it had begun."""
    with Fleet(binary, origin_rate=3_000_000, lease_seconds=3) as fleet:
        path, name = push_slowly(fleet)
        fleet.processes["relay-1"].kill()
        fleet.start_relay(2)
        finish(fleet, path, name)
        egress = fleet.origin.bytes_sent("/build.img") / os.path.getsize(path)
        assert egress < 1.25, f"the origin gave {egress:.2f} files"


def case_a_relay_dies_while_control_is_down(binary):
    """One of two relays and control are killed, and control alone comes back: the other relay takes the stripes over."""
    with Fleet(binary, origin_rate=3_000_000, lease_seconds=3) as fleet:
        path, name = push_slowly(fleet, relays=2)
        fleet.processes["control"].kill()
        fleet.processes["relay-2"].kill()
        fleet.restart("control")
        finish(fleet, path, name)
        egress = fleet.origin.bytes_sent("/build.img") / os.path.getsize(path)
        assert egress < 1.25, f"the origin gave {egress:.2f} files"


def case_an_agent_is_killed(binary):
    """No piece that the agent had verified is fetched again."""
    with Fleet(binary, origin_rate=3_000_000, lease_seconds=5) as fleet:
        path, name = push_slowly(fleet)
        fleet.processes["agent-1"].kill()
        kept = int(target(fleet, name).get("verifiedBytes", 0))
        fleet.restart("agent-1")
        finish(fleet, path, name)
        sources = target(fleet, name).get("sources", {})
        fetched = sum(int(sources.get(k, 0)) for k in ("agentPeers", "relayPeers", "relayHttp", "origin"))
        assert fetched <= os.path.getsize(path) - kept + (2 << 20), f"{fetched} bytes after {kept} were verified"
