"""A network of namespaces on one machine: a bridge, and for each node a link with its own rates (needs root)."""
import os
import subprocess
import sys
import threading
import time

from . import delay_relay

# Frames, IP and TCP headers cost 4.6 % of what TBF counts at MTU 1500.
PAYLOAD_SHARE = 0.954


def ip(*lines):
    """Runs lines of `ip`, in one process."""
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=True)


class Network:
    """Use as a context; every namespace it made goes away with it, and with whatever still runs inside them."""

    def __init__(self):
        if os.geteuid() != 0:
            raise PermissionError("the lab needs root: it makes network namespaces")
        self.prefix = f"sl{os.getpid()}"
        self.names, self.addresses, self.sites, self.cables = [], {}, {}, []
        # Where each node's and each site's link ends: (namespace of a switch, device).
        self.ports = {}
        try:
            self.hub = self.switch("hub")
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for cable in self.cables:
            cable.kill()
            cable.wait()
            cable.stdout.close()
        for name in reversed(self.names):
            listed = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True).stdout.split()
            for process in listed:
                try:
                    os.kill(int(process), 9)
                except ProcessLookupError:
                    pass
            subprocess.run(["ip", "netns", "delete", name], check=False, stderr=subprocess.DEVNULL)

    def namespace(self, name):
        full = f"{self.prefix}-{name}"
        # Noted first: it may be there when the command that makes it is interrupted.
        self.names.append(full)
        ip(f"netns add {full}")
        subprocess.run(["ip", "-n", full, "link", "set", "lo", "up"], check=True)
        self.use_cubic(full)
        return full

    def switch(self, name):
        """A namespace with a bridge."""
        full = self.namespace(name)
        subprocess.run(["ip", "-n", full, "link", "add", "bridge", "type", "bridge"], check=True)
        subprocess.run(["ip", "-n", full, "link", "set", "bridge", "up"], check=True)
        # Packets that only pass through need not be shown to a firewall.
        self.run(full, "sh", "-c", "for tables in iptables ip6tables arptables; do "
                 "echo 0 > /proc/sys/net/bridge/bridge-nf-call-$tables; done 2>/dev/null || true")
        return full

    def cable(self, one, other, delay_ms=0):
        """Joins two new devices, each given by its namespace and name; frames take so long in either direction."""
        if not delay_ms:
            ip(f"link add {one[1]} netns {one[0]} type veth peer name {other[1]} netns {other[0]}")
            return
        self.cables.append(subprocess.Popen(
            [sys.executable, "-ES", delay_relay.__file__, *one, *other, str(delay_ms)], stdout=subprocess.PIPE))
        assert self.cables[-1].stdout.readline() == b"ready\n", f"no cable with a delay to {' '.join(other)}"

    def site(self, name, up=None, down=None, delay_ms=0):
        """A place with a switch of its own, and a WAN link to everything else with these rates and this delay."""
        self.sites[name] = self.switch(f"site-{name}")
        port = f"s{len(self.sites)}"
        self.ports[name] = (self.hub, port)
        self.cable(self.ports[name], (self.sites[name], "wan"), delay_ms)
        for namespace, device in ((self.hub, port), (self.sites[name], "wan")):
            subprocess.run(["ip", "-n", namespace, "-batch", "-"], text=True, check=True,
                           input=f"link set {device} master bridge\nlink set {device} up\n")
        self.shape(self.sites[name], "wan", up)
        self.shape(self.hub, port, down)

    def lose(self, name, permille):
        """Drops so many of a thousand packets that arrive at a node."""
        self.run_at(name, ["nft", "-f", "-"],
                    "table inet loss { chain input { type filter hook input priority 0; "
                    f"iifname uplink numgen random mod 1000 < {int(permille)} drop; }}\n}}\n")

    def use_cubic(self, namespace):
        """Cubic everywhere: another default can be several times slower on one machine."""
        allowed = "/proc/sys/net/ipv4/tcp_allowed_congestion_control"
        with open(allowed) as file:
            names = file.read().split()
        if "cubic" not in names:
            with open(allowed, "w") as file:
                file.write(" ".join([*names, "cubic"]))
        self.run(namespace, "sh", "-c", "echo cubic > /proc/sys/net/ipv4/tcp_congestion_control")

    @staticmethod
    def run(namespace, *arguments):
        return subprocess.run(["ip", "netns", "exec", namespace, *arguments], check=True, capture_output=True, text=True)

    def add(self, name, up=None, down=None, site=None, delay_ms=0):
        """A node with the rates of its link in bits per second; None is as fast as the machine. Returns its address."""
        switch = self.sites[site] if site else self.hub
        namespace = self.namespace(name)
        number = len(self.addresses) + 1
        address = f"10.90.{number // 250}.{number % 250 + 1}"
        mac = f"02:00:0a:5a:{number // 256:02x}:{number % 256:02x}"
        port = f"p{number}"
        self.ports[name] = (switch, port)
        self.cable(self.ports[name], (namespace, "uplink"), delay_ms)
        subprocess.run(["ip", "-n", namespace, "-batch", "-"], text=True, check=True, input=f"""
            link set uplink address {mac}
            address add {address}/16 dev uplink
            link set uplink up
        """)
        subprocess.run(["ip", "-n", switch, "-batch", "-"], text=True, check=True, input=f"""
            link set {port} master bridge
            link set {port} up
        """)
        self.shape(namespace, "uplink", up)
        self.shape(switch, port, down)
        self.addresses[name] = (address, mac)
        return address

    def shape(self, namespace, device, rate):
        if rate is None:
            return
        # A burst of 16 ms, at least two frames: what a machine whose processors are all busy is late with is not lost. A queue
        # of 50 ms as in a decent switch.
        burst = max(3_200, int(rate / 8 * 0.016))
        self.run(namespace, "tc", "qdisc", "replace", "dev", device, "root", "tbf", "rate", f"{int(rate)}bit",
                 "burst", str(burst), "latency", "50ms")

    def know_neighbours(self):
        """Permanent entries: above some thirty nodes the kernel's table overflows."""
        for own in self.addresses:
            lines = [f"neigh replace {address} lladdr {mac} dev uplink nud permanent"
                     for name, (address, mac) in self.addresses.items() if name != own]
            subprocess.run(["ip", "-n", f"{self.prefix}-{own}", "-batch", "-"], text=True, check=True,
                           input="\n".join(lines) + "\n")

    def run_at(self, name, command, text):
        """Runs a command at a node, with `text` as its input."""
        subprocess.run([*self.command(name), *command], input=text, text=True, check=True)

    def meter(self):
        """Starts to count what crosses each link; see LinkMeter."""
        return LinkMeter(self.command("hub"), self.ports)

    def command(self, name):
        """What goes before a command that shall run at a node."""
        return ["ip", "netns", "exec", f"{self.prefix}-{name}"]


class LinkMeter:
    """Reads the switches' counters once a second. `rates()` tells how many bits a second each node and site sent and
    received."""

    def __init__(self, prefix, ports):
        self.names, self.samples = {port: name for name, port in ports.items()}, []
        self.began = time.monotonic()
        look = "".join(f"echo {switch}; ip netns exec {switch} cat /proc/net/dev; "
                       for switch in dict.fromkeys(switch for switch, _ in ports.values()))
        self.process = subprocess.Popen(
            [*prefix, "sh", "-c", f"while {look} do echo; sleep 1; done"], stdout=subprocess.PIPE, text=True)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        counters, switch = {}, None
        for line in self.process.stdout:
            device, _, numbers = line.strip().partition(":")
            if (switch, device) in self.names:
                fields = numbers.split()
                # What the switch receives at its port the node has sent.
                counters[self.names[switch, device]] = (int(fields[0]), int(fields[8]))
            elif device and not numbers and "|" not in device:
                switch = device
            elif not device and counters:
                self.samples.append((time.monotonic() - self.began, counters))
                counters = {}

    def rates(self):
        """For each second: its end, and for each node the bits per second it sent and received."""
        found = []
        for (begin, first), (end, second) in zip(self.samples, self.samples[1:]):
            found.append((round(end, 1), {
                name: tuple(int((b - a) * 8 / (end - begin)) for a, b in zip(first[name], second[name]))
                for name in second if name in first}))
        return found

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.thread.join()
