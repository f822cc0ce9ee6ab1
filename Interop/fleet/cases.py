"""The fleet as a whole: control leaves in good order, and its nodes go on; networks that let no stream stand."""
import sys
import time
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parent))

from crash.cases import finish, push_slowly, target
from cutting_proxy import CuttingProxy
from fleet import Fleet, sha256_of, wait_until
from grpc_programs.proxies import nginx


def case_control_restarts_gracefully_in_mid_push(binary):
    """SIGTERM: control asks its nodes to come back later and ends well; they work on meanwhile, and nothing is lost."""
    with Fleet(binary, origin_rate=3_000_000, lease_seconds=5) as fleet:
        path, name = push_slowly(fleet)
        control = fleet.processes["control"]
        before = int(target(fleet, name)["verifiedBytes"])
        control.stop()
        assert control.popen.returncode == 0, f"control ended with {control.popen.returncode}"
        assert any("nodes were asked to come back" in line for line in control.lines), "no drain was said"
        fleet.restart("control")
        assert fleet.distribution(name)["state"] == "DISTRIBUTION_STATE_RUNNING"
        wait_until(lambda: int(target(fleet, name).get("verifiedBytes", 0)) > before, 30, "progress after the restart")
        finish(fleet, path, name)


def connected(fleet, *names):
    nodes = {node["name"]: node for node in fleet.json("nodes", "list").get("nodes", [])}
    return all(nodes.get(name, {}).get("connected") for name in names)


def push_in_time(fleet, file_name, agents, seconds):
    """A push, and how long it took to reach every agent."""
    path = fleet.origin.make_file(file_name, 4)
    start = time.monotonic()
    fleet.run("push", fleet.origin.base_url + file_name, "--to", "role=demo", "--watch")
    took = time.monotonic() - start
    for agent in range(1, agents + 1):
        assert sha256_of(fleet.delivered(agent, file_name)) == sha256_of(path)
    assert took < seconds, f"{file_name} took {took:.1f} s"


def polls_through(fleet, door):
    """Nodes behind a door that lets no stream stand go over to polls by themselves, and a push reaches them."""
    fleet.door = door
    fleet.start_relay(1)
    fleet.start_agent(1)
    for node in ("relay-1", "agent-1"):
        fleet.processes[node].await_line("polling instead", 60)
    wait_until(lambda: connected(fleet, "relay-1", "agent-1"), 30, "both nodes to poll")
    fleet.register_origin()
    push_in_time(fleet, "first.img", 1, 30)
    # What a proxy allows has been found out; tasks arrive as fast as it lets them.
    push_in_time(fleet, "second.img", 1, 15)


def case_nodes_poll_behind_nginx_that_cuts_streams(binary):
    """nginx's grpc_pass with grpc_read_timeout 1s in front of control: nodes poll, and a push gets through."""
    with Fleet(binary, plaintext=True) as fleet:
        fleet.start_control()
        control = SimpleNamespace(address=fleet.listens["control"], authority=None)
        with nginx(fleet.root, control, "1s") as door:
            polls_through(fleet, door)


def case_nodes_poll_where_silent_connections_are_cut(binary):
    """A middlebox that cuts silent TCP connections after a second, TLS and certificates through it: nodes poll."""
    with Fleet(binary) as fleet:
        fleet.start_control()
        with CuttingProxy(fleet.listens["control"], 1) as proxy:
            polls_through(fleet, proxy.address)
            cuts = proxy.cuts
            time.sleep(5)
            assert proxy.cuts - cuts <= 2, f"{proxy.cuts - cuts} connections were cut in 5 s of polls"


def case_a_fleet_that_polls_survives_a_restart(binary):
    """--control-transport poll: a push through, and control restarted in mid-push by SIGTERM; nothing is lost."""
    with Fleet(binary, origin_rate=3_000_000, lease_seconds=5) as fleet:
        poll = ("--control-transport", "poll")
        path, name = push_slowly(fleet, options=poll)
        control = fleet.processes["control"]
        before = int(target(fleet, name)["verifiedBytes"])
        control.stop()
        assert control.popen.returncode == 0, f"control ended with {control.popen.returncode}"
        fleet.restart("control")
        wait_until(lambda: int(target(fleet, name).get("verifiedBytes", 0)) > before, 30, "progress after the restart")
        finish(fleet, path, name)
        fleet.processes["control"].kill()
        fleet.restart("control")
        wait_until(lambda: connected(fleet, "relay-1", "agent-1", "agent-2"), 60, "the nodes to be back")
        push_in_time(fleet, "next.img", 2, 30)
