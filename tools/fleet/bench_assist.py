"""Suite `assist` of tools/bench: swarms that are made slow, still, forbidden or late, and what HTTP assist does about it."""
import json
import sys
import time

from .fleet import Fleet
from .network import Network

MIB = 1 << 20
FLOOR = 1_000_000
# A BitTorrent handshake begins so, behind a TCP header of 32 bytes (20, and timestamps).
HANDSHAKE = "@th,256,32 0x13426974"


class Filter:
    """nftables rules at one node, on connections that began with a BitTorrent handshake or on what comes from outside."""

    def __init__(self, network, node):
        self.network, self.node = network, node

    def use(self, *rules, inbound=()):
        chains = "".join(
            f"chain {hook} {{ type filter hook {hook} priority 0; meta l4proto tcp {HANDSHAKE} ct mark set 0x13; "
            + "".join(f"{rule}; " for rule in (*rules, *(inbound if hook == "input" else ()))) + "}\n"
            for hook in ("input", "output"))
        self.network.run_at(self.node, ["nft", "-f", "-"], f"flush ruleset\ntable inet lab {{ {chains} }}\n")


SWALLOWED = ("ct mark 0x13 drop",)
RESET = ("ct mark 0x13 reject with tcp reset",)
THROTTLED = ("ct mark 0x13 limit rate over 40 kbytes/second burst 128 kbytes drop",)
NO_INBOUND = ("iifname uplink tcp flags & (syn | ack) == syn drop",)


class World:
    """A small shaped fleet. `relay_options` are further arguments of `sluice relay`."""

    def __init__(self, binary, agents, file_mib, up_mbit=None, down_mbit=None, relay_options=()):
        self.binary, self.agents, self.file_mib = binary, agents, file_mib
        self.up, self.down = (None if rate is None else rate * 1_000_000 for rate in (up_mbit, down_mbit))
        self.relay_options = relay_options

    def __enter__(self):
        self.network = Network()
        try:
            places = {}
            for name in ("control", "origin", "relay-1"):
                places[name] = (self.network.add(name), self.network.command(name))
            for number in range(1, self.agents + 1):
                name = f"agent-{number}"
                places[name] = (self.network.add(name, self.up, self.down), self.network.command(name))
            if len(places) > 30:
                self.network.know_neighbours()
            self.fleet = Fleet(self.binary, places=places, host=places["control"][0]).__enter__()
        except BaseException:
            self.network.__exit__()
            raise
        return self

    def __exit__(self, *failure):
        self.fleet.__exit__(*failure)
        self.network.__exit__()

    def start(self):
        self.fleet.start_control()
        self.fleet.start_relay(1, *self.relay_options)
        for number in range(1, self.agents + 1):
            self.fleet.start_agent(number, labels=("role=demo", f"number={number}"))
        self.fleet.register_origin()

    def push(self, name, *arguments, to="role=demo", config=None):
        """Orders a file; returns the distribution's name and when it was ordered."""
        if config:
            path = f"{self.fleet.root}/{name}.json"
            with open(path, "w") as file:
                json.dump(config, file)
            arguments = (*arguments, "--config", path)
        before = time.time()
        done = self.fleet.run("push", self.fleet.origin.base_url + name, "--to", to, "--output", "json", *arguments)
        return json.loads(done.stdout)["name"], before

    def filter(self, agent):
        return Filter(self.network, f"agent-{agent}")


class Story:
    """What one agent's assist did: when it began and ended, what HTTP brought, what was needed of it."""

    def __init__(self, size):
        self.size = size
        self.began = self.ended = self.missing = None
        self.reason, self.network, self.state = "", "", ""
        self.switches = self.http = self.before = 0
        self.owed, self.last = 0.0, None

    def saw(self, target, now):
        switches = target.get("assistSwitches", 0)
        sources = target.get("sources", {})
        peers = int(sources.get("agentPeers", 0)) + int(sources.get("relayPeers", 0))
        if switches >= 1 and self.began is None:
            self.began, self.reason = now, target.get("assist", "")
            self.missing = self.size - int(target.get("verifiedBytes", 0))
        if switches >= 2 and self.ended is None:
            self.ended = now
        if self.last and switches % 2 == 1:
            # While it assists, HTTP owes what peers bring less than the floor.
            self.owed += max(0.0, FLOOR * (now - self.last[0]) - (peers - self.last[1]))
        self.last = (now, peers)
        self.switches, self.http = switches, int(sources.get("relayHttp", 0)) + int(sources.get("origin", 0))
        self.network = target.get("network", "").removeprefix("NETWORK_CLASS_")
        self.state = target.get("state", "").removeprefix("TASK_STATE_")


def follow(world, name, node, seconds, when=None):
    """The story of one target until it has the file; `when(story, now)` may change the world meanwhile."""
    story = Story(world.file_mib * MIB)
    for distribution in world.fleet.follow(name, seconds):
        now = time.time()
        for target in distribution.get("targets", []):
            if target["node"] == node:
                story.saw(target, now)
        if when:
            when(story, now)
    return story


def judged(case, story, ordered, expected, needed, extra=()):
    """The rows of one script."""
    begin = story.began - ordered - expected if story.began else None
    ratio = story.http / needed if needed else None
    rows = [("assist after the trigger's time", "s", begin, 1.0), ("HTTP bytes over what was needed", "1", ratio, 1.1),
            ("switches", "1", story.switches, 2), *extra]
    for metric, unit, value, bar in rows:
        yield {"suite": "assist", "case": case, "metric": metric, "unit": unit,
               "sluice": None if value is None else round(value, 3), "rival": None, "rival_name": None, "ratio": None,
               "runs": 1, "min": None, "max": None, "bar": bar,
               "holds": value is not None and value <= bar and story.state == "COMPLETED", "why": story.reason}


def slow(binary):
    """Peers below 1 MB/s for 3 s; after 8 s one of them gets a fast link, and HTTP hands back."""
    with World(binary, 2, 32, relay_options=("--max-upload", "150000")) as world:
        world.start()
        world.fleet.origin.make_file("build.img", world.file_mib)
        first, _ = world.push("build.img", "--minimum-rate", "50000000", to="number=2")
        for _ in world.fleet.follow(first, 60):
            pass
        world.network.shape(f"{world.network.prefix}-agent-2", "uplink", 1_000_000)
        name, ordered = world.push("build.img", "--assist-below", str(FLOOR), "--assist-after", "3s",
                                   "--expect", "10m", to="number=1")
        recovery = []

        def recover(story, now):
            if not recovery and now > ordered + 11:
                world.network.shape(f"{world.network.prefix}-agent-2", "uplink", 40_000_000)
                recovery.append(now)

        story = follow(world, name, "agent-1", 90, recover)
        back = story.ended - recovery[0] if story.ended and recovery else None
        yield from judged("slow", story, ordered, 3, story.owed, [("hand-back after recovery", "s", back, 5.0)])


def stalled(binary):
    """Peers that stop to send: less than 1 % in 4 s."""
    with World(binary, 1, 24, down_mbit=40) as world:
        # Connections are marked from their handshake on.
        world.filter(1).use()
        world.start()
        world.fleet.origin.make_file("build.img", world.file_mib)
        name, ordered = world.push("build.img", "--assist-below", "100000", "--assist-after", "10m",
                                   config={"stallAfter": "4s"})
        still = []

        def stop(story, now):
            if not still and story.last and story.last[1] > 4 * MIB:
                world.filter(1).use(*SWALLOWED)
                still.append(now)

        story = follow(world, name, "agent-1", 90, stop)
        yield from judged("stalled", story, still[0] if still else ordered, 4, story.missing)


def blocked(binary):
    """No BitTorrent handshake comes through: a network that forbids P2P is told after 5 s."""
    with World(binary, 1, 16, down_mbit=40) as world:
        world.filter(1).use(*RESET)
        world.start()
        world.fleet.origin.make_file("build.img", world.file_mib)
        name, ordered = world.push("build.img")
        story = follow(world, name, "agent-1", 90)
        yield from judged("blocked", story, ordered, 5, story.missing)


def overdue(binary):
    """Expected in 4 s, and not there at 150 % of it: the peers stay too slow, above the floor, for long enough to tell a
    second start of assist."""
    with World(binary, 1, 96, down_mbit=40, relay_options=("--max-upload", "1500000")) as world:
        world.start()
        world.fleet.origin.make_file("build.img", world.file_mib)
        name, ordered = world.push("build.img", "--expect", "4s")
        story = follow(world, name, "agent-1", 90)
        yield from judged("overdue", story, ordered, 6, story.missing)


CLASSES = {
    "OPEN": ((), ()), "INBOUND_BLOCKED": ((), NO_INBOUND), "BITTORRENT_BLOCKED": (RESET, ()),
    "BITTORRENT_THROTTLED": (THROTTLED, ()),
}


def classes(binary, rounds=5, each=5):
    """Five agents in each kind of network, five files: which kind did they find?"""
    kinds = [kind for kind in CLASSES for _ in range(each)]
    with World(binary, len(kinds), 8, up_mbit=16, down_mbit=16) as world:
        for number, kind in enumerate(kinds, 1):
            rules, inbound = CLASSES[kind]
            world.filter(number).use(*rules, inbound=inbound)
        world.start()
        found, right = {}, 0
        for turn in range(rounds):
            world.fleet.origin.make_file(f"build-{turn}.img", world.file_mib)
            name, _ = world.push(f"build-{turn}.img", "--assist-after", "6s", config={"handBackAfter": "60s"})
            for distribution in world.fleet.follow(name, 120):
                for target in distribution.get("targets", []):
                    found[(turn, target["node"])] = target.get("network", "").removeprefix("NETWORK_CLASS_")
        for (turn, node), network in sorted(found.items()):
            expected = kinds[int(node.removeprefix("agent-")) - 1]
            right += network == expected
            if network != expected:
                print(f"bench assist: {node} in file {turn} found {network or 'nothing'}, not {expected}", file=sys.stderr)
        runs = rounds * len(kinds)
        yield {"suite": "assist", "case": "classes", "metric": "network class wrong", "unit": "1",
               "sluice": round(1 - right / runs, 4), "rival": None, "rival_name": None, "ratio": None, "runs": runs,
               "min": None, "max": None, "bar": 0.05, "holds": right >= 0.95 * runs}


CASES = {"slow": slow, "stalled": stalled, "blocked": blocked, "overdue": overdue, "classes": classes}


def main(arguments, as_json, binary):
    unknown = set(arguments) - set(CASES)
    if unknown:
        raise SystemExit(f"bench assist has no case {', '.join(sorted(unknown))}; there are: {', '.join(CASES)}")
    failed = 0
    for case in arguments or CASES:
        for row in CASES[case](binary):
            failed += not row["holds"]
            why = f" ({row['why']})" if row.get("why") else ""
            print(json.dumps(row) if as_json else f"{row['case']:8} {row['metric']}: {row['sluice']}; bar {row['bar']}: "
                  f"{'holds' if row['holds'] else 'DOES NOT HOLD'}{why}", flush=True)
    if failed:
        print(f"bench assist: {failed} bars do not hold", file=sys.stderr)
    return 1 if failed else 0
