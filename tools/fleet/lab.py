"""One push through a shaped network, measured: ours, or a rival in its place."""
import os
import resource
import time

from .fleet import Fleet, sha256_of
from .network import PAYLOAD_SHARE, Network
from .process import end_when_interrupted
from .rivals import RIVALS

MIB = 1 << 20
DEFAULTS = {
    "subject": "sluice", "file_mib": 32, "origin_mbit": None, "relays": 2, "relay_mbit": None, "relay_down_mbit": None,
    "agents": [{"count": 16, "up_mbit": None, "down_mbit": None}], "push": [], "limit_s": 600, "kill_relay_at": None,
    "sites": {}, "relay_sites": [], "seed": None,
}


def mbit(value):
    return None if value is None else value * 1_000_000


class Spec:
    """What is built and what is run; see tools/lab --help."""

    def __init__(self, values):
        unknown = set(values) - set(DEFAULTS) - {"name", "bar", "rivals"}
        if unknown:
            raise ValueError(f"a spec has no {', '.join(sorted(unknown))}")
        self.values = {**DEFAULTS, **values}
        if self.subject not in ("sluice", *RIVALS):
            raise ValueError(f"there is no subject {self.subject}; there are: {', '.join(('sluice', *RIVALS))}")
        groups = [group for group in self.values["agents"] for _ in range(group["count"])]
        self.agents = [(mbit(group.get("up_mbit")), mbit(group.get("down_mbit"))) for group in groups]
        self.agent_sites = [group.get("site") for group in groups]
        self.agent_losses = [group.get("loss_permille", 0) for group in groups]
        self.agent_delays = [group.get("delay_ms", 0) for group in groups]

    def __getattr__(self, name):
        return self.values[name]

    @property
    def size(self):
        return self.file_mib * MIB

    def bound(self, share=PAYLOAD_SHARE):
        """The fluid lower bound in seconds (Kumar and Ross 2006), over the payload that the links carry; relays are further
        seeds. A site's WAN link carries the file in once, and with the uploads inside all that its agents need."""
        infinite = float("inf")
        origin = mbit(self.origin_mbit) or infinite
        relays = [mbit(self.relay_mbit) or infinite] * self.relays
        bits = self.size * 8 / share
        ups = origin + sum(up or infinite for up, _ in self.agents) + sum(relays)
        slowest = min(down or infinite for _, down in self.agents)
        bounds = [bits / origin, bits / slowest, len(self.agents) * bits / ups]
        for site, rates in self.sites.items():
            inside = [up or infinite for (up, _), where in zip(self.agents, self.agent_sites) if where == site]
            if inside:
                wan = mbit(rates.get("down_mbit")) or infinite
                ups = wan + sum(inside) + sum(relay for relay, where in zip(relays, self.relay_sites) if where == site)
                bounds += [bits / wan, len(inside) * bits / ups]
        return max(bounds)


class Lab:
    """Use as a context: builds the network, and takes it away again, also when interrupted."""

    def __init__(self, spec, binary):
        self.spec, self.binary = spec, os.path.abspath(binary)
        self.agents = [f"agent-{number + 1}" for number in range(len(spec.agents))]
        self.finished, self.first_piece, self.timeline = {}, {}, []
        self.relay_first_piece = None

    def __enter__(self):
        end_when_interrupted()
        spec = self.spec
        self.network = Network()
        network = self.network
        try:
            self.places, self.sites = {}, {}

            for site, rates in spec.sites.items():
                network.site(site, mbit(rates.get("up_mbit")), mbit(rates.get("down_mbit")), rates.get("delay_ms", 0))

            def add(name, up=None, down=None, site=None, delay_ms=0):
                self.places[name] = (network.add(name, up, down, site, delay_ms), network.command(name))
                self.sites[name] = site

            add("control")
            add("origin", mbit(spec.origin_mbit))
            for number in range(1, spec.relays + 1):
                site = spec.relay_sites[number - 1] if number <= len(spec.relay_sites) else None
                add(f"relay-{number}", mbit(spec.relay_mbit), mbit(spec.relay_down_mbit or spec.relay_mbit), site)
            for name, (up, down), site, loss, delay in zip(
                    self.agents, spec.agents, spec.agent_sites, spec.agent_losses, spec.agent_delays):
                add(name, up, down, site, delay)
                if loss:
                    network.lose(name, loss)
            if len(self.places) > 30:
                network.know_neighbours()
        except BaseException:
            network.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.network.__exit__()

    def run(self):
        began = time.monotonic()
        cpu, before = resource.getrusage(resource.RUSAGE_CHILDREN), processor_seconds()
        outcome = self.run_sluice() if self.spec.subject == "sluice" else self.run_rival()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        idle, stolen, whole = (after - was for after, was in zip(processor_seconds(), before))
        bound, raw = self.spec.bound(), self.spec.bound(1.0)
        times = sorted(self.finished.values())
        makespan = times[-1] if len(times) == len(self.agents) else None
        return {
            "name": self.spec.values.get("name", "lab"), "subject": self.spec.subject,
            "seed": self.spec.seed, "agents": len(self.agents), "file_mib": self.spec.file_mib,
            "makespan_s": makespan, "median_s": times[len(times) // 2] if times else None,
            "bound_s": round(bound, 3), "ratio": round(makespan / bound, 4) if makespan else None,
            "ratio_to_raw_bound": round(makespan / raw, 4) if makespan else None,
            "finish_s": {name: round(at, 3) for name, at in sorted(self.finished.items())},
            "first_piece_s": {name: round(at, 3) for name, at in sorted(self.first_piece.items())},
            "first_piece_lag_s": self.first_piece_lag(), "median_to_origin": self.median_to_origin(times),
            "timeline": self.timeline,
            "cpu_s": round(used.ru_utime + used.ru_stime - cpu.ru_utime - cpu.ru_stime, 1),
            "stolen_s": round(stolen, 1), "busy": round(1 - idle / whole, 2),
            "wall_s": round(time.monotonic() - began, 1), **outcome,
        }

    def first_piece_lag(self):
        """How long after the relays' first piece the last agent had one."""
        if self.relay_first_piece is None or len(self.first_piece) < len(self.agents):
            return None
        return round(max(self.first_piece.values()) - self.relay_first_piece, 3)

    def median_to_origin(self, times):
        """The median finish over the time that the origin's link takes for the file."""
        if not times or self.spec.origin_mbit is None:
            return None
        return round(times[len(times) // 2] / (self.spec.size * 8 / mbit(self.spec.origin_mbit) / PAYLOAD_SHARE), 4)

    # Ours

    def run_sluice(self):
        spec = self.spec
        with Fleet(self.binary, places=self.places, host=self.places["control"][0]) as fleet:
            path = fleet.origin.make_file("build.img", spec.file_mib)
            expected = sha256_of(path)
            seed = ("--seed", str(spec.seed)) if spec.seed is not None else ()
            fleet.start(spec.relays, len(self.agents), agent_options=seed, relay_options=seed, sites=self.sites)
            # Who has not reached control yet, over a slow link, is no target.
            for name, process in fleet.processes.items():
                if name != "control":
                    process.await_line("connected")
            fleet.register_origin()
            started = time.time()
            meter = self.network.meter()
            try:
                fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo", *spec.push)
                name = fleet.json("distributions", "list")["distributions"][0]["name"]
                state = self.follow(fleet, name, started)
            finally:
                meter.stop()
            for number, agent in enumerate(self.agents, 1):
                delivered = fleet.delivered(number, "build.img")
                if os.path.exists(delivered):
                    assert sha256_of(delivered) == expected, f"{agent} has another file"
                    self.finished[agent] = os.stat(delivered).st_ctime - started
            distribution = fleet.distribution(name)
            sources = distribution["progress"].get("sources", {})
            # Not of a relay that was killed.
            running = {node: process.popen.pid for node, process in fleet.processes.items() if process.running}
            memory = {role: max((peak_memory(pid) for node, pid in running.items() if node.startswith(role)), default=0)
                      for role in ("agent", "relay", "control")}
            return {
                "state": state, "egress": round(fleet.origin.bytes_sent("/build.img") / spec.size, 4),
                "sources_mib": {key: round(int(value) / MIB, 1) for key, value in sources.items()},
                "origin_connections": fleet.origin.most_connections("/build.img"),
                "agent_memory_mib": memory["agent"], "relay_memory_mib": memory["relay"],
                "control_memory_mib": memory["control"], "links": self.link_use(meter),
                "assists": [t["assist"] for t in distribution.get("targets", []) if t.get("assist")],
            }

    def run_rival(self):
        with RIVALS[self.spec.subject](self.spec, self.places, self.agents) as rival:
            outcome = rival.run()
        self.finished = rival.finished
        return outcome

    def link_use(self, meter):
        """Second by second how full the links were: the origin's up, the relays' up, the agents' up and down, the emptiest
        agent's down, each site's up and down."""
        def share(node, rates, way):
            if node in self.spec.sites:
                limit = self.spec.sites[node][("up_mbit", "down_mbit")[way]]
            elif node.startswith("relay"):
                limit = self.spec.relay_mbit
            else:
                limit = self.spec.agents[self.agents.index(node)][way] / 1e6
            return round(rates[node][way] / 1e6 / limit, 2)

        if not self.spec.relay_mbit or any(None in group for group in self.spec.agents):
            return []
        if any(rates.get(key) is None for rates in self.spec.sites.values() for key in ("up_mbit", "down_mbit")):
            return []
        rows = []
        for second, rates in meter.rates():
            up = [share(agent, rates, 0) for agent in self.agents]
            down = [share(agent, rates, 1) for agent in self.agents]
            relays = [share(f"relay-{number}", rates, 0) for number in range(1, self.spec.relays + 1)]
            origin = round(rates["origin"][0] / mbit(self.spec.origin_mbit), 2) if self.spec.origin_mbit else None
            rows.append([second, origin, *relays, round(sum(up) / len(up), 2), round(sum(down) / len(down), 2), min(down),
                         *(share(site, rates, way) for site in self.spec.sites for way in (0, 1))])
        return rows

    def follow(self, fleet, name, started):
        """Watches until the end; notes each agent's first piece, and kills a relay when its time has come."""
        killed, state = self.spec.kill_relay_at is None, "?"
        for distribution in fleet.follow(name, self.spec.limit_s):
            state = distribution.get("state", state).removeprefix("DISTRIBUTION_STATE_")
            for relay in distribution.get("relays", []):
                if self.relay_first_piece is None and int(relay.get("verifiedBytes", 0)) > 0:
                    self.relay_first_piece = time.time() - started
            for target in distribution.get("targets", []):
                if int(target.get("verifiedBytes", 0)) > 0:
                    self.first_piece.setdefault(target["node"], time.time() - started)
            progress = int(distribution.get("progress", {}).get("verifiedBytes", 0))
            done = round(progress / self.spec.size / len(self.agents), 3)
            if not self.timeline or done >= self.timeline[-1][1] + 0.05:
                pulled = [round(int(relay.get("verifiedBytes", 0)) / self.spec.size, 2)
                          for relay in distribution.get("relays", [])]
                self.timeline.append((round(time.time() - started, 2), done, *pulled))
            if not killed and progress > self.spec.kill_relay_at * self.spec.size * len(self.agents):
                fleet.processes[f"relay-{self.spec.relays}"].kill()
                killed = True
        return state


def processor_seconds():
    """Of all processors together: idle; wanted by this machine and given to others by its host; all there was. A run with
    much of the second says little, and one without the first tells how fast the machine is, not the network."""
    with open("/proc/stat") as file:
        fields = [int(field) / os.sysconf("SC_CLK_TCK") for field in file.readline().split()[1:9]]
    return fields[3] + fields[4], fields[7], sum(fields)


def peak_memory(pid):
    """The most a process has held, in MiB."""
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("VmHWM"):
                return round(int(line.split()[1]) / 1024, 1)
    return 0
