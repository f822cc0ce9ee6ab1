"""The main path against nginx as origin, and what is refused before anything is created."""
import os
import time

from fleet import Fleet, sha256_of, wait_until


def case_a_file_reaches_every_agent(binary):
    """2 relays, 3 agents: digests match, and each piece left the origin once."""
    with Fleet(binary) as fleet:
        path = fleet.origin.make_file("build.img", 24)
        fleet.start(relays=2, agents=3)
        fleet.register_origin()
        fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo", "--watch")
        for agent in (1, 2, 3):
            assert sha256_of(fleet.delivered(agent, "build.img")) == sha256_of(path)
        egress = fleet.origin.bytes_sent("/build.img") / os.path.getsize(path)
        assert egress <= 1.02, f"origin egress was {egress:.3f} files"


def case_the_first_piece_leaves_before_a_tenth_is_there(binary):
    """Fast start: an agent has a verified piece before the relay has a tenth of the file."""
    with Fleet(binary, origin_rate=2_000_000) as fleet:
        fleet.origin.make_file("slow.img", 24)
        fleet.start(relays=1, agents=1)
        fleet.register_origin()
        fleet.run("push", fleet.origin.base_url + "slow.img", "--to", "role=demo")
        name = fleet.json("distributions", "list")["distributions"][0]["name"]

        def first_piece():
            distribution = fleet.distribution(name)
            target = distribution.get("targets", [{}])[0]
            if int(target.get("verifiedBytes", 0)) == 0:
                return None
            return distribution

        wait_until(first_piece, 30, "a first verified piece at the agent")
        pulled = fleet.origin.bytes_sent("/slow.img")
        relay = int(fleet.distribution(name)["relays"][0].get("verifiedBytes", 0))
        assert relay < 2.4 * (1 << 20), f"the relay already had {relay} bytes, nginx had finished {pulled}"
        fleet.run("distributions", "cancel", name)


def refused(fleet, code, words, *arguments):
    done = fleet.run("push", *arguments, expect=code)
    assert words in done.stderr, f"{words!r} is not in: {done.stderr}"
    assert not fleet.json("distributions", "list").get("distributions"), "something was created all the same"


def case_what_cannot_be_done_is_refused_at_once(binary):
    """No such file, no such origin, wrong size, no such agents: clear errors, exit codes, nothing created."""
    with Fleet(binary) as fleet:
        fleet.origin.make_file("build.img", 1)
        fleet.start(relays=1, agents=1)
        base = fleet.origin.base_url
        refused(fleet, 4, "not below any registered origin", base + "build.img", "--to", "role=demo")
        fleet.register_origin()
        refused(fleet, 3, "does not have", base + "missing.img", "--to", "role=demo")
        refused(fleet, 2, "1048576 bytes", base + "build.img", "--to", "role=demo", "--size", "77")
        refused(fleet, 4, "no agent", base + "build.img", "--to", "role=nobody")
        refused(fleet, 4, "not below any registered origin", "http://127.0.0.1:1/build.img", "--to", "role=demo")


def case_a_wrong_digest_never_completes(binary):
    """A publisher's SHA-256 that does not match fails the distribution, and no file appears."""
    with Fleet(binary) as fleet:
        fleet.origin.make_file("build.img", 2)
        fleet.start(relays=1, agents=1)
        fleet.register_origin()
        done = fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo", "--watch",
                         "--sha256", "ab" * 32, expect=1)
        assert "SHA-256" in done.stdout + done.stderr
        assert not os.path.exists(fleet.delivered(1, "build.img"))


def case_an_origin_that_changes_fails_the_distribution(binary):
    """The file is replaced while the relay pulls: the distribution fails and says so; nothing mixed is delivered."""
    with Fleet(binary, origin_rate=2_000_000) as fleet:
        path = fleet.origin.make_file("build.img", 16)
        fleet.start(relays=1, agents=1)
        fleet.register_origin()
        fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo")
        name = fleet.json("distributions", "list")["distributions"][0]["name"]
        wait_until(lambda: int(fleet.distribution(name).get("relays", [{}])[0].get("verifiedBytes", 0)) > 0, 30,
                   "the pull to begin")
        fleet.origin.make_file("other.img", 16)
        os.replace(path.replace("build", "other"), path)
        os.utime(path, (time.time() + 60, time.time() + 60))
        wait_until(lambda: fleet.distribution(name)["state"] == "DISTRIBUTION_STATE_FAILED", 60, "the failure")
        assert "changed" in fleet.distribution(name)["failure"]
        assert not os.path.exists(fleet.delivered(1, "build.img"))


def case_get_downloads_without_an_installed_agent(binary):
    """sluice get, with control and without, fetches and verifies on this machine."""
    with Fleet(binary) as fleet:
        path = fleet.origin.make_file("build.img", 6)
        fleet.start(relays=1, agents=0)
        fleet.register_origin()
        fleet.run("get", fleet.origin.base_url + "build.img", "-o", f"{fleet.root}/through-control.img")
        assert sha256_of(f"{fleet.root}/through-control.img") == sha256_of(path)
        fleet.run("get", "--direct", fleet.origin.base_url + "build.img", "-o", f"{fleet.root}/direct.img")
        assert sha256_of(f"{fleet.root}/direct.img") == sha256_of(path)


def case_up_is_a_fleet_in_one_process(binary):
    """sluice up runs control, a relay and an agent for a first try."""
    with Fleet(binary) as fleet:
        path = fleet.origin.make_file("build.img", 6)
        fleet.launch("control", ["up", "--data", f"{fleet.root}/up", "--dest", f"{fleet.root}/up-files",
                                 "--listen", "LISTEN"], r"control listening on ([0-9.]+:\d+)")
        fleet.processes["control"].await_line("agent .*connected")
        fleet.register_origin()
        fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=local", "--watch")
        assert sha256_of(f"{fleet.root}/up-files/build.img") == sha256_of(path)
