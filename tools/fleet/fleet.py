"""Origin, control, relays and agents on loopback, in one scratch folder that goes away with them."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

from .origin import Origin
from .process import Process, end_when_interrupted


class Fleet:
    """Use as a context: whatever it started ends with it, also when interrupted."""

    def __init__(self, binary, origin_rate=None, lease_seconds=None, host="127.0.0.1", places=None, plaintext=False):
        """TLS, enrollment and tokens, as a user has them, unless `plaintext` is set. `places` gives nodes an address and a
        command prefix of their own: {name: (address, prefix)}."""
        self.binary = os.path.abspath(binary)
        # Agents run `sluice agent` unless a program of their own is named here.
        self.agent_binary = None
        # Where nodes reach control, if not at its own address: a proxy's.
        self.door = None
        self.root = tempfile.mkdtemp(prefix="sluice-fleet-")
        os.chmod(self.root, 0o755)
        self.host = host
        self.places = places or {}
        self.plaintext = plaintext
        self.user_config = os.environ.get("SLUICE_CONFIG")
        self.origin = Origin(f"{self.root}/origin", *self.place("origin"))
        self.origin_rate = origin_rate
        self.lease_seconds = lease_seconds
        self.processes = {}
        self.listens = {}
        self.commands = {}

    def __enter__(self):
        end_when_interrupted()
        # Control leaves an admin's context there; every command of this fleet uses it.
        os.environ["SLUICE_CONFIG"] = f"{self.root}/control/context.json"
        try:
            self.origin.start()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, *_):
        for process in reversed(list(self.processes.values())):
            process.stop()
        crashed = [name for name, process in self.processes.items() if process.crash]
        self.origin.stop()
        os.environ.pop("SLUICE_CONFIG", None)
        if self.user_config is not None:
            os.environ["SLUICE_CONFIG"] = self.user_config
        if crashed or kind is not None and kind is not SystemExit:
            self.show_logs()
        if os.environ.get("KEEP") == "1":
            print(f"kept {self.root}", file=sys.stderr)
        else:
            shutil.rmtree(self.root, ignore_errors=True)
        if crashed and kind is None:
            raise AssertionError(f"{' and '.join(crashed)} crashed")

    def show_logs(self):
        for name, process in self.processes.items():
            tail = "\n    ".join(process.last_words(12))
            print(f"--- {name}\n    {tail}", file=sys.stderr)

    def place(self, name):
        return self.places.get(name, (self.host, []))

    def launch(self, name, arguments, ready=r"listening on ([0-9.]+:\d+)"):
        """Starts (or starts again) one role; the port it got the first time is kept for the next."""
        self.commands[name] = (arguments, ready)
        host, prefix = self.place(name)
        listen = self.listens.get(name, f"{host}:0")
        program = [self.binary, *arguments]
        if arguments[0] == "agent" and self.agent_binary:
            program = [self.agent_binary, *arguments[1:]]
        full = prefix + [a.replace("LISTEN", listen) for a in program]
        if self.plaintext:
            full.append("--plaintext" if host.startswith("127.") else "--insecure-plaintext")
        if name in self.processes and self.processes[name].crash:
            raise AssertionError(f"{name} has crashed")
        self.processes[name] = Process(full, name, f"{self.root}/{name}.log")
        self.listens[name] = self.processes[name].await_line(ready).group(1)
        return self.processes[name]

    def restart(self, name):
        """Starts a role again with its old data and address, after it was killed."""
        return self.launch(name, *self.commands[name])

    def start_control(self):
        arguments = ["control", "--data", f"{self.root}/control", "--listen", "LISTEN"]
        if self.lease_seconds:
            arguments += ["--lease-duration", f"{self.lease_seconds}s"]
        return self.launch("control", arguments)

    def context(self):
        """What an admin's context holds: server, certificateAuthority, token."""
        with open(f"{self.root}/control/context.json") as file:
            return json.load(file)["contexts"][0]

    @property
    def authority(self):
        """The certificate of control's authority, a PEM file."""
        return f"{self.root}/control/ca.crt"

    @property
    def bearer(self):
        """The header that makes an admin's call of any program."""
        return f"authorization: Bearer {self.context()['token']}"

    def join_options(self, role):
        """The flags that let a node of this role in: a token for many nodes, made once."""
        if self.plaintext:
            return []
        path = f"{self.root}/join-{role}.token"
        if not os.path.exists(path):
            made = self.json("join-tokens", "create", "--role", role, "--max-uses", "1000", "--lifetime", "3600s")
            with open(path, "w") as file:
                file.write(made["token"])
        return ["--join-token", f"@{path}"]

    def channel(self, token=None):
        """A grpcio channel to control, as an admin's program opens it, or the bearer's of another token."""
        import grpc

        if self.plaintext:
            return grpc.insecure_channel(self.listens["control"])
        context = self.context()
        return grpc.secure_channel(self.listens["control"], grpc.composite_channel_credentials(
            grpc.ssl_channel_credentials(context["certificateAuthority"].encode()),
            grpc.access_token_call_credentials(token or context["token"])))

    def start_relay(self, number, *extra):
        name = f"relay-{number}"
        return self.launch(name, [
            "relay", "--name", name, "--control", self.door or self.listens["control"], "--data", f"{self.root}/{name}",
            "--listen", "LISTEN", *self.join_options("relay"), *extra,
        ])

    def start_agent(self, number, *extra, labels=("role=demo",)):
        name = f"agent-{number}"
        arguments = [
            "agent", "--name", name, "--control", self.door or self.listens["control"], "--data", f"{self.root}/{name}",
            "--dest", f"{self.root}/{name}/files", "--listen", "LISTEN", *self.join_options("agent"), *extra,
        ]
        for label in labels:
            arguments += ["--label", label]
        return self.launch(name, arguments)

    def start(self, relays, agents, agent_options=(), relay_options=(), sites=None):
        """`sites` names the places of nodes, by their names."""
        def place(node):
            site = (sites or {}).get(node)
            return ("--label", f"site={site}") if site else ()

        self.start_control()
        for number in range(1, relays + 1):
            self.start_relay(number, *place(f"relay-{number}"), *relay_options)
        for number in range(1, agents + 1):
            self.start_agent(number, *place(f"agent-{number}"), *agent_options)

    def run(self, *arguments, expect=0, timeout=600, capture=True):
        """Runs one user command against this fleet's control; fails on another exit code than `expect`."""
        environment = dict(os.environ, SLUICE_SERVER=self.listens.get("control", "127.0.0.1:1"))
        if self.plaintext:
            environment["SLUICE_PLAINTEXT" if self.host.startswith("127.") else "SLUICE_INSECURE_PLAINTEXT"] = "1"
        done = subprocess.run(
            [*self.place("control")[1], self.binary, *arguments], env=environment, timeout=timeout, text=True,
            stdout=subprocess.PIPE if capture else None, stderr=subprocess.PIPE if capture else None,
        )
        if expect is not None and done.returncode != expect:
            raise AssertionError(
                f"sluice {' '.join(arguments)} ended with {done.returncode}, not {expect}\n{done.stdout}{done.stderr}"
            )
        return done

    def watch(self, distribution):
        """Follows a distribution: each line of the process is its JSON."""
        return Process([*self.place("control")[1], self.binary, "distributions", "watch", distribution, "--server",
                        self.listens["control"], "--output", "json"], "watch", f"{self.root}/watch.log")

    def follow(self, distribution, seconds):
        """Yields the distribution each time it changes, until it ends or the time is over."""
        watch = self.watch(distribution)
        seen, end = 0, time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                with watch.arrived:
                    if len(watch.lines) == seen and watch.running:
                        watch.arrived.wait(0.5)
                    lines = watch.lines[seen:]
                    seen += len(lines)
                for line in lines:
                    if line.startswith("{"):
                        yield json.loads(line).get("distribution", {})
                if not lines and not watch.running:
                    return
        finally:
            watch.stop()

    def json(self, *arguments, timeout=60):
        """The JSON that a user command prints."""
        return json.loads(self.run(*arguments, "--output", "json", timeout=timeout).stdout)

    def register_origin(self, name="demo-origin", *limits):
        """Registers nginx. A slow origin is one with a limit: nginx's own rate starts anew with every request."""
        if self.origin_rate:
            limits = (*limits, "--limits-max-bytes-per-second", str(self.origin_rate))
        self.run(
            "origins", "create", name, "--base-urls", self.origin.base_url, "--allow-private-addresses", *limits
        )

    def distribution(self, name):
        answer = self.json("distributions", "get", name)
        return answer.get("distribution", answer)

    def delivered(self, agent, file_name):
        return f"{self.root}/agent-{agent}/files/{file_name}"


def sha256_of(path):
    """The digest of a file in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
