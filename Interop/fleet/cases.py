"""The fleet as a whole: control leaves in good order, and its nodes go on."""
from crash.cases import finish, push_slowly, target
from fleet import Fleet, wait_until


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
