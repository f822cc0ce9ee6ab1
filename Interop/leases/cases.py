"""The origin's limits hold, by the origin's own counters."""
import hashlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from busy_origin import BusyOrigin
from fleet import ConnectionSampler, Fleet, sha256_of, wait_until

WINDOW = 12 << 20


def case_eight_agents_share_two_connections(binary):
    """8 agents forced to assist from an origin limited to 2 connections and 4 MB/s: never more of either."""
    with Fleet(binary, lease_seconds=3) as fleet:
        path = fleet.origin.make_file("build.img", 4)
        fleet.start(relays=1, agents=8)
        fleet.register_origin("tight", "--limits-max-connections", "2", "--limits-max-bytes-per-second", "4000000")
        sampler = ConnectionSampler(fleet.origin)
        fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo", "--watch",
                  "--no-bittorrent", "--assist-from-origin-only")
        highest = sampler.stop()
        assert sampler.samples > 100
        assert 1 <= highest <= 2, f"nginx counted {highest} connections at once"
        for agent in range(1, 9):
            assert sha256_of(fleet.delivered(agent, "build.img")) == sha256_of(path)
        rate = highest_rate(fleet.origin.transfers(), 1.0)
        # Bytes in any second: the rate, and one token bucket's burst of 0.2 s (reference: leases, kind 2).
        assert rate <= 4_000_000 * 1.2, f"{rate:.0f} bytes left within a second"


def case_a_window_of_bytes_is_never_exceeded(binary):
    """An origin that may give 12 MiB in any 20 s: nginx never counts more, over a kill -9 of control too."""
    with Fleet(binary, lease_seconds=3) as fleet:
        path = fleet.origin.make_file("build.img", 16)
        fleet.start(relays=1, agents=1)
        fleet.register_origin("tight", "--limits-windows", json.dumps({"length": "20s", "maxBytes": str(WINDOW)}))
        fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo")
        name = fleet.json("distributions", "list")["distributions"][0]["name"]
        wait_until(lambda: fleet.origin.bytes_sent("/build.img") > WINDOW / 2, 20, "half of the window to be used")
        fleet.processes["control"].kill()
        fleet.restart("control")
        wait_until(lambda: fleet.distribution(name)["state"] == "DISTRIBUTION_STATE_COMPLETED", 120, "completion")
        assert sha256_of(fleet.delivered(1, "build.img")) == sha256_of(path)
        most = highest_rate(fleet.origin.transfers(), 20.0) * 20
        assert most <= WINDOW, f"{most:.0f} bytes left within 20 s"
        used = int(fleet.json("origins", "get-usage", "tight")["totalBytes"])
        assert used == fleet.origin.bytes_sent("/build.img"), f"the ledger says {used}"


def case_a_pause_the_origin_asks_for_is_kept_by_all(binary):
    """8 agents over 2 connections: the origin answers 429 with Retry-After, and nobody comes until that is over."""
    with Fleet(binary, lease_seconds=3) as fleet, BusyOrigin(4, served=6, pause=5) as origin:
        fleet.start(relays=1, agents=8)
        fleet.run("origins", "create", "busy", "--base-urls", origin.url.rsplit("/", 1)[0] + "/",
                  "--allow-private-addresses", "--limits-max-connections", "2")
        fleet.run("push", origin.url, "--to", "role=demo", "--watch", "--no-bittorrent", "--assist-from-origin-only")
        digest = hashlib.sha256(origin.content).hexdigest()
        for agent in range(1, 9):
            assert sha256_of(fleet.delivered(agent, "build.img")) == digest
        # What was on its way when the first was refused may still come.
        late = [at - origin.paused_at for at in origin.refused if at > origin.paused_at + 0.5]
        assert origin.refused and not late, f"asked again after {late} s of a pause of {origin.pause}"
        assert len(origin.refused) <= 2, f"{len(origin.refused)} requests were refused over 2 connections"
        back = min(at for at in origin.answered if at > origin.paused_at) - origin.paused_at
        assert back < origin.pause + 2, f"nobody came for {back:.1f} s"


def highest_rate(transfers, window):
    """The most bytes within any window, each transfer spread evenly over its own time."""
    spans = [(t["time"] - max(t["seconds"], 0.001), t["time"], t["bytes"]) for t in transfers if t["bytes"]]
    best = 0.0
    for begin in sorted({round(start, 1) for start, _, _ in spans}):
        total = 0.0
        for start, end, count in spans:
            shared = min(end, begin + window) - max(start, begin)
            if shared > 0:
                total += count * shared / (end - start)
        best = max(best, total)
    return best / window
