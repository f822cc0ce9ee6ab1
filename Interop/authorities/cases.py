"""Control goes over from one certificate authority to another: `sluice authorities`, with kill -9 behind every step."""
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
from pathlib import Path

from access.cases import code, openssl, stubs, what_an_agent_enrolls_with
from fleet import Fleet, sha256_of, wait_until

BIN = Path(__file__).resolve().parents[2] / ".venv/bin"


def authorities(fleet):
    """The authorities of control, by state: name, fingerprint and how many nodes have certificates by it."""
    return {a["state"].removeprefix("AUTHORITY_STATE_").lower(): a for a in fleet.json("authorities", "list")["authorities"]}


def certificates(path):
    text = Path(path).read_text() if os.path.exists(path) else ""
    return [part + "-----END CERTIFICATE-----\n" for part in text.split("-----END CERTIFICATE-----\n")[:-1]]


def is_by(authority, path):
    """Whether the first certificate of a file is by the one authority whose certificate is in another."""
    done = subprocess.run(["openssl", "verify", "-CAfile", authority, path], capture_output=True, text=True, timeout=30)
    return done.returncode == 0


def crash(fleet):
    fleet.processes["control"].kill()
    fleet.restart("control")


def shown_by_control(fleet, trusted):
    return openssl("s_client", "-connect", fleet.listens["control"], "-CAfile", trusted, "-verify_return_error",
                   "-alpn", "h2", given="", expect=None)


def answer_to(fleet, trusted, node):
    """OK, or the alert that control answers with to the certificate in a node's folder."""
    context = ssl.create_default_context(cafile=trusted)
    context.load_cert_chain(f"{node}/node.crt", f"{node}/node.key")
    context.set_alpn_protocols(["h2"])
    host, port = fleet.listens["control"].split(":")
    try:
        with socket.create_connection((host, int(port)), timeout=10) as raw:
            with context.wrap_socket(raw, server_hostname=host) as connection:
                # The server's settings.
                return "OK" if connection.recv(1) else "nothing"
    except ssl.SSLError as error:
        return error.reason


def connected(fleet):
    return {node["name"] for node in fleet.json("nodes", "list")["nodes"] if node.get("connected")}


def push(fleet, name, agents):
    path = fleet.origin.make_file(name, 4)
    targets = [option for agent in agents for option in ("--to-node", f"agent-{agent}")]
    fleet.run("push", fleet.origin.base_url + name, *targets, "--watch", timeout=60)
    for agent in agents:
        assert sha256_of(fleet.delivered(agent, name)) == sha256_of(path), f"agent-{agent}"


class Bystander:
    """A node of grpcio with a key of openssl, which knows of no rotation: enrolled, and with a stream that stays open."""

    def __init__(self, fleet, folder):
        import queue

        import grpc

        nodes, stream, stream_services, enrollment, enrollment_services = stubs(
            folder, "nodes_pb2", "node_stream_pb2", "node_stream_pb2_grpc", "enrollment_pb2", "enrollment_pb2_grpc")
        token, ca, request = what_an_agent_enrolls_with(fleet, folder)
        with grpc.secure_channel(fleet.listens["control"], grpc.ssl_channel_credentials(ca)) as channel:
            answer = enrollment_services.EnrollmentServiceStub(channel).Enroll(enrollment.EnrollRequest(
                join_token=token, name="bystander", role=nodes.NODE_ROLE_AGENT, certificate_request=request), timeout=10)
        self.certificate, self.key = f"{folder}/bystander.pem", f"{folder}/key.pem"
        Path(self.certificate).write_text(answer.certificate)
        self.fleet, self.ca, self.grpc, self.services, self.renewal = fleet, ca, grpc, stream_services, enrollment
        self.enrollment_services, self.request = enrollment_services, request
        self.hello = stream.ConnectRequest(
            hello=stream.Hello(node=nodes.Node(name="bystander", role=nodes.NODE_ROLE_AGENT), incarnation=1))
        self.queue = queue

    def open(self):
        """Its channel, which trusts but the authority it came with."""
        return self.grpc.secure_channel(self.fleet.listens["control"], self.grpc.ssl_channel_credentials(
            self.ca, Path(self.key).read_bytes(), Path(self.certificate).read_bytes()))

    def connect(self, channel):
        """A stream that stays up, and what control welcomed it with."""
        said = self.queue.Queue()
        said.put(self.hello)
        call = self.services.NodeStreamServiceStub(channel).Connect(iter(said.get, None), timeout=120)
        return call, next(call).welcome

    def renew(self, channel):
        """The certificates of the answer: its own, and those that it is to trust."""
        answer = self.enrollment_services.EnrollmentServiceStub(channel).Renew(
            self.renewal.RenewRequest(certificate_request=self.request), timeout=10)
        Path(self.certificate).write_text(answer.certificate)


def case_an_authority_takes_the_place_of_another(binary):
    """Create, activate, delete, each with kill -9 behind it: nobody is cut off before the old one is deleted, and then who did not follow."""
    with tempfile.TemporaryDirectory() as folder, Fleet(binary) as fleet:
        fleet.start(relays=1, agents=2)
        fleet.start_agent(3, "--control-transport", "poll")
        fleet.start_agent(4)
        fleet.register_origin()
        old, both = f"{folder}/old.crt", fleet.authority
        shutil.copy(fleet.authority, old)
        shutil.copy(f"{fleet.root}/control/context.json", f"{folder}/old.json")
        made_before = fleet.json("join-tokens", "create", "--role", "agent")["token"]
        refused = fleet.run("authorities", "delete", authorities(fleet)["active"]["name"], "--force", expect=4)
        assert "is the active authority" in refused.stderr, refused.stderr
        # Two are away from before the first step on; one of them stays away until it is over.
        for away in (2, 4):
            fleet.processes[f"agent-{away}"].kill()

        made = fleet.json("authorities", "create")
        trusted = "".join(fleet.json("authorities", "list")["certificates"])
        assert len(certificates(both)) == 2 and trusted == Path(both).read_text()
        wait_until(lambda: fleet.context()["certificateAuthority"] == trusted, 10, "the context to follow")
        crash(fleet)
        assert "".join(fleet.json("authorities", "list")["certificates"]) == trusted == Path(both).read_text()
        there = authorities(fleet)
        assert there["next"]["name"] == made["authority"]["name"] and there["next"].get("nodes", "0") == "0", there
        assert there["active"]["nodes"] == "5", there
        assert "there are two authorities already" in fleet.run("authorities", "create", expect=4).stderr
        here = [f"{fleet.root}/{node}" for node in ("relay-1", "agent-1", "agent-3")]
        wait_until(lambda: all(len(certificates(f"{node}/ca.crt")) == 2 for node in here), 30, "nodes to trust both")
        new = f"{folder}/new.crt"
        Path(new).write_text(certificates(both)[1])
        assert is_by(old, f"{here[0]}/node.crt") and not is_by(new, f"{here[0]}/node.crt")
        assert "Verify return code: 0 (ok)" not in shown_by_control(fleet, new)
        bystander = Bystander(fleet, folder)

        fleet.run("authorities", "activate", made["authority"]["name"])
        crash(fleet)
        there = authorities(fleet)
        assert there["active"]["name"] == made["authority"]["name"] and "retiring" in there, there
        for trusted in (old, new, both):
            shown = shown_by_control(fleet, trusted)
            assert "Verify return code: 0 (ok)" in shown, f"{trusted}: {shown}"
        assert os.stat(f"{fleet.root}/control/ca.key").st_mode & 0o777 == 0o600
        wait_until(lambda: all(is_by(new, f"{node}/node.crt") for node in here), 60, "nodes to renew")
        wait_until(lambda: connected(fleet) == {"relay-1", "agent-1", "agent-3"}, 30, "nodes to come back")
        push(fleet, "first.img", (1, 3))
        grpcurl = subprocess.run([BIN / "grpcurl", "-cacert", old, "-H", fleet.bearer, "-d", "{}", fleet.listens["control"],
                                  "sluice.v1.NodeService/ListNodes"], capture_output=True, text=True, timeout=30)
        assert grpcurl.returncode == 0 and "agent-1" in grpcurl.stdout, grpcurl.stderr
        # Who trusts but the old one goes on: a user, a node that was away, a node that knows of no rotation, and a join token.
        mine = dict(os.environ, SLUICE_CONFIG=f"{folder}/old.json", SLUICE_SERVER=fleet.listens["control"])
        listed = subprocess.run([binary, "nodes", "list"], env=mine, capture_output=True, text=True, timeout=30)
        assert listed.returncode == 0, listed.stderr
        shutil.copy(f"{folder}/old.json", f"{folder}/fresh.json")
        follower = dict(mine, SLUICE_CONFIG=f"{folder}/fresh.json")
        refreshed = subprocess.run([binary, "context", "refresh"], env=follower, capture_output=True, text=True, timeout=30)
        assert refreshed.returncode == 0 and refreshed.stdout.startswith("local trusts 2: ca-"), refreshed
        fleet.restart("agent-2")
        wait_until(lambda: is_by(new, f"{fleet.root}/agent-2/node.crt"), 60, "a node that was away to renew")
        assert len(certificates(f"{fleet.root}/agent-2/ca.crt")) == 2
        channel = bystander.open()
        call, welcome = bystander.connect(channel)
        assert welcome.authorities.HasField("renew_within") and welcome.authorities.certificates == Path(both).read_text()
        bystander.renew(channel)
        assert is_by(old, bystander.certificate), "it was given what it cannot follow"
        Path(f"{folder}/before.token").write_text(made_before)
        fleet.launch("agent-5", [
            "agent", "--name", "agent-5", "--control", fleet.listens["control"], "--data", f"{fleet.root}/agent-5", "--dest",
            f"{fleet.root}/agent-5/files", "--listen", "LISTEN", "--join-token", f"@{folder}/before.token", "--label",
            "role=demo"])
        assert is_by(new, f"{fleet.root}/agent-5/node.crt")

        wait_until(lambda: authorities(fleet)["retiring"]["nodes"] == "2", 30, "all but two to have renewed")
        retiring = authorities(fleet)["retiring"]["name"]
        kept = {node["name"]: node["authority"] for node in fleet.json("nodes", "list")["nodes"]}
        assert {name for name in kept if kept[name] == retiring} == {"agent-4", "bystander"}, kept
        refused = fleet.run("authorities", "delete", retiring, expect=4)
        assert "2 nodes have certificates by it: agent-4, bystander" in refused.stderr, refused.stderr
        fleet.run("authorities", "delete", retiring, "--force")
        assert code(lambda: call) == "UNAUTHENTICATED"
        channel.close()
        crash(fleet)
        assert list(authorities(fleet)) == ["active"]
        assert "Verify return code: 0 (ok)" in shown_by_control(fleet, new)
        assert "Verify return code: 0 (ok)" not in shown_by_control(fleet, old)
        assert answer_to(fleet, new, f"{fleet.root}/agent-4") == "TLSV1_ALERT_UNKNOWN_CA"
        assert answer_to(fleet, new, here[0]) == "OK"
        listed = subprocess.run([binary, "nodes", "list"], env=mine, capture_output=True, text=True, timeout=30)
        assert listed.returncode == 6 and "TLS handshake" in listed.stderr, listed.stderr
        listed = subprocess.run([binary, "nodes", "list"], env=follower, capture_output=True, text=True, timeout=30)
        assert listed.returncode == 0, listed.stderr
        everywhere = here + [f"{fleet.root}/agent-{number}" for number in (2, 5)]
        wait_until(lambda: all(len(certificates(f"{node}/ca.crt")) == 1 for node in everywhere), 30, "nodes to trust one")

        # Who was away for all of it needs a token of now; its key and its name stay.
        lost = fleet.restart("agent-4")
        lost.await_line("TLS handshake failed.*no stream to control")
        lost.kill()
        wait_until(lambda: connected(fleet) == {"relay-1", "agent-1", "agent-2", "agent-3", "agent-5"}, 30,
                   "the others to come back")
        os.remove(f"{fleet.root}/join-agent.token")
        fleet.start_agent(4)
        fleet.processes["agent-4"].await_line("connected")
        assert is_by(new, f"{fleet.root}/agent-4/node.crt")
        fleet.start_agent(6)
        wait_until(lambda: len(connected(fleet)) == 7, 30, "nodes to come back")
        push(fleet, "second.img", (1, 2, 3, 4, 5, 6))
        actions = [(r["method"].split("/")[1], r["outcome"]) for r in fleet.json("audit-records", "list")["auditRecords"]]
        for action in ("CreateAuthority", "ActivateAuthority", "DeleteAuthority"):
            assert (action, "OK") in actions, actions
        assert ("DeleteAuthority", "FAILED_PRECONDITION") in actions, actions
