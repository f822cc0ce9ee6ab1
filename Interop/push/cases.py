"""The main path against nginx as origin, and what is refused before anything is created."""
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from bittorrent_cutter import BitTorrentCutter
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
        path = fleet.origin.make_file("build.img", 2)
        fleet.start(relays=1, agents=1)
        fleet.register_origin()
        done = fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo", "--watch",
                         "--sha256", "ab" * 32, expect=1)
        assert "SHA-256" in done.stdout + done.stderr
        assert not os.path.exists(fleet.delivered(1, "build.img"))
        # Whoever corrects the order gets the file, and nothing is pulled again.
        fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo", "--watch", "--sha256", sha256_of(path))
        assert sha256_of(fleet.delivered(1, "build.img")) == sha256_of(path)
        assert fleet.origin.bytes_sent("/build.img") == os.path.getsize(path)


def case_a_push_that_failed_at_the_origin_can_be_pushed_again(binary):
    """The origin denies the file, the push fails; allowed again, a second push of the same file ends well."""
    with Fleet(binary) as fleet:
        path = fleet.origin.make_file("build.img", 4)
        fleet.start(relays=1, agents=1)
        fleet.register_origin()
        # The look at the file is answered, the pull is not.
        fleet.origin.refuse(True)
        fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo", "--watch", expect=1)
        fleet.origin.refuse(False)
        fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo", "--watch")
        assert sha256_of(fleet.delivered(1, "build.img")) == sha256_of(path)


def case_an_origin_may_redirect_to_another_of_its_base_urls(binary):
    """What the order's check follows, relays follow too."""
    with Fleet(binary) as fleet:
        path = fleet.origin.make_file("build.img", 4)
        fleet.start(relays=1, agents=1)
        old = f"http://localhost:{fleet.origin.port}/moved/"
        fleet.run("origins", "create", "demo-origin", "--base-urls", old, "--base-urls", fleet.origin.base_url,
                  "--allow-private-addresses")
        fleet.run("push", old + "build.img", "--to", "role=demo", "--watch")
        assert sha256_of(fleet.delivered(1, "build.img")) == sha256_of(path)


def case_an_origin_that_is_away_is_tried_again_for_as_long_as_the_order_says(binary):
    """nginx goes away in mid-pull: a short patience fails the order with a sentence, a longer one outlasts it."""
    for patience, outcome in (("2s", "FAILED"), ("10m", "COMPLETED")):
        with Fleet(binary, origin_rate=2_000_000) as fleet:
            path = fleet.origin.make_file("build.img", 8)
            fleet.start(relays=1, agents=1)
            fleet.register_origin()
            name = fleet.json("distributions", "create", "--source-url", fleet.origin.base_url + "build.img",
                              "--target-labels", "role=demo", "--config-retry-for", patience)["distribution"]["name"]
            wait_until(lambda: int(fleet.distribution(name).get("relays", [{}])[0].get("verifiedBytes", 0)) > 0, 30,
                       "the pull to begin")
            fleet.origin.stop()
            if outcome == "COMPLETED":
                wait_until(lambda: "the origin failed, trying again" in "\n".join(fleet.processes["relay-1"].lines), 30,
                           "a try that fails")
                fleet.origin.start()
            wait_until(lambda: fleet.distribution(name)["state"] == f"DISTRIBUTION_STATE_{outcome}", 90, outcome)
            if outcome == "FAILED":
                assert "has given nothing for" in fleet.distribution(name)["relays"][0]["message"]
            else:
                assert sha256_of(fleet.delivered(1, "build.img")) == sha256_of(path)


def case_nodes_that_listen_everywhere_are_found(binary):
    """A relay and an agent on every address: the tracker names none of them 0.0.0.0, control neither."""
    with Fleet(binary) as fleet:
        path = fleet.origin.make_file("build.img", 4)
        fleet.start_control()
        fleet.listens["relay-1"] = "0.0.0.0:0"
        fleet.start_relay(1)
        fleet.start_agent(1, "--advertise", "127.0.0.1:9")
        fleet.register_origin()
        fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo", "--watch")
        assert sha256_of(fleet.delivered(1, "build.img")) == sha256_of(path)
        nodes = {node["name"]: node["address"] for node in fleet.json("nodes", "list")["nodes"]}
        assert nodes["relay-1"].startswith("127.0.0.1:"), nodes
        assert nodes["agent-1"] == "127.0.0.1:9", nodes


def case_bittorrent_that_is_cut_in_mid_stream_is_found_out(binary):
    """Each BitTorrent connection to the relay is reset after 200 KB: the agent says so, and gets the file over HTTP."""
    with Fleet(binary) as fleet, BitTorrentCutter(200_000) as cutter:
        path = fleet.origin.make_file("build.img", 16)
        fleet.start_control()
        fleet.start_relay(1, "--advertise", cutter.address)
        cutter.upstream = fleet.listens["relay-1"]
        fleet.start_agent(1)
        fleet.register_origin()
        name = fleet.json("push", fleet.origin.base_url + "build.img", "--to", "role=demo", "--assist-after", "8s")["name"]
        for distribution in fleet.follow(name, 60):
            if distribution["targets"][0].get("network") == "NETWORK_CLASS_BITTORRENT_BLOCKED":
                break
        target = fleet.distribution(name)["targets"][0]
        assert target.get("network") == "NETWORK_CLASS_BITTORRENT_BLOCKED", target
        assert cutter.cuts >= 3, cutter.cuts
        wait_until(lambda: fleet.distribution(name)["state"] == "DISTRIBUTION_STATE_COMPLETED", 60, "the file at the agent")
        assert sha256_of(fleet.delivered(1, "build.img")) == sha256_of(path)


def case_a_relay_keeps_what_agents_still_take(binary):
    """A relay that has a file whole keeps it until its agents have it too, whatever else is ordered meanwhile."""
    room = ("--cache-bytes", "24000000")
    with Fleet(binary) as fleet:
        fleet.start(relays=1, agents=1, relay_options=(*room, "--max-upload", "2MB/s"))
        fleet.register_origin()
        paths = [fleet.origin.make_file(f"build-{number}.img", 8) for number in range(4)]
        names = []
        for path in paths:
            name = fleet.json("distributions", "create", "--source-url",
                              fleet.origin.base_url + os.path.basename(path), "--target-labels", "role=demo",
                              "--config-assist-disabled")["distribution"]["name"]
            names.append(name)
            wait_until(lambda: fleet.distribution(name)["relays"][0]["state"] in
                       ("TASK_STATE_COMPLETED", "TASK_STATE_FAILED"), 60, "the relay to have it, or no room")
        # There is room for two: the others are refused rather than the first taken away.
        for name, path in list(zip(names, paths))[:2]:
            wait_until(lambda: fleet.distribution(name)["state"] == "DISTRIBUTION_STATE_COMPLETED", 120, name)
            assert sha256_of(fleet.delivered(1, os.path.basename(path))) == sha256_of(path)
            assert fleet.origin.bytes_sent("/" + os.path.basename(path)) == os.path.getsize(path)


def case_two_pushes_of_one_file_at_once_share_one_download(binary):
    """The second order of a file that is under way: both end, each piece comes once, and no peer is lost to HTTP."""
    with Fleet(binary, origin_rate=2_000_000) as fleet:
        path = fleet.origin.make_file("build.img", 16)
        fleet.start(relays=1, agents=2)
        fleet.register_origin()
        url = fleet.origin.base_url + "build.img"
        names = []
        for _ in range(2):
            fleet.run("push", url, "--to", "role=demo")
            listed = [one["name"] for one in fleet.json("distributions", "list")["distributions"]]
            names += [name for name in listed if name not in names]
            wait_until(lambda: int(fleet.distribution(names[-1])["targets"][0].get("verifiedBytes", 0)) > 0, 30,
                       "a first piece under this order")
        assert len(names) == 2
        for name in names:
            wait_until(lambda: fleet.distribution(name)["state"] == "DISTRIBUTION_STATE_COMPLETED", 60, "the end")
            for target in fleet.distribution(name)["targets"]:
                assert not target.get("assistSwitches"), f"assist began: {target['assist']}"
                received = sum(int(target["sources"].get(kind, 0)) for kind in ("agentPeers", "relayPeers", "relayHttp"))
                assert received <= os.path.getsize(path), "pieces came twice"
        for agent in (1, 2):
            assert sha256_of(fleet.delivered(agent, "build.img")) == sha256_of(path)
        assert fleet.origin.bytes_sent("/build.img") == os.path.getsize(path)


def case_what_is_delivered_makes_room_for_more(binary):
    """Caches of 24 MB and five files of 8 MiB, one after the other: old ones are evicted, and come again when ordered."""
    room = ("--cache-bytes", "24000000")
    with Fleet(binary) as fleet:
        fleet.start(relays=1, agents=1, agent_options=room, relay_options=room)
        fleet.register_origin()
        paths = [fleet.origin.make_file(f"build-{number}.img", 8) for number in range(5)]
        for path in [*paths, paths[0]]:
            name = os.path.basename(path)
            if os.path.exists(fleet.delivered(1, name)):
                os.remove(fleet.delivered(1, name))
            fleet.run("push", fleet.origin.base_url + name, "--to", "role=demo", "--watch")
            assert sha256_of(fleet.delivered(1, name)) == sha256_of(path)
        assert fleet.origin.bytes_sent("/build-0.img") == 2 * os.path.getsize(paths[0]), "nothing was evicted"


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
