"""Relays as agents call them, shown by other people's TLS: Python's ssl in a relay's place, openssl and curl as its clients."""
import os
import socket
import ssl
import subprocess
import tempfile
import threading

from access.cases import openssl, stubs
from fleet import Fleet, in_own_network, sha256_of, wait_until

# What a node asks another for.
NODE_NAME = "node.sluice.internal"


class Enrolled:
    """A node's name, key and certificate, made with openssl and control's enrollment over grpcio."""

    def __init__(self, fleet, folder, name, role):
        import grpc

        self.nodes, self.stream, self.stream_services, enrollment, services = stubs(
            folder, "nodes_pb2", "node_stream_pb2", "node_stream_pb2_grpc", "enrollment_pb2", "enrollment_pb2_grpc")
        self.name, self.fleet = name, fleet
        self.role = self.nodes.NODE_ROLE_RELAY if role == "relay" else self.nodes.NODE_ROLE_AGENT
        self.key, self.certificate = f"{folder}/{name}.key", f"{folder}/{name}.crt"
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x",
                "-keyout", self.key, "-out", f"{folder}/{name}.csr")
        self.authority = fleet.context()["certificateAuthority"].encode()
        with grpc.secure_channel(fleet.listens["control"], grpc.ssl_channel_credentials(self.authority)) as channel:
            answer = services.EnrollmentServiceStub(channel).Enroll(enrollment.EnrollRequest(
                join_token=fleet.json("join-tokens", "create", "--role", role)["token"], name=name, role=self.role,
                certificate_request=open(f"{folder}/{name}.csr").read()), timeout=10)
        with open(self.certificate, "w") as file:
            file.write(answer.certificate)

    def connect(self, address):
        """Opens its node stream, serving at an address; returns the call, which ends it, once it is welcome."""
        import grpc

        over = threading.Event()

        def messages():
            yield self.stream.ConnectRequest(hello=self.stream.Hello(
                node=self.nodes.Node(name=self.name, role=self.role, address=address), public_key=os.urandom(32)))
            over.wait()

        secrets = grpc.ssl_channel_credentials(
            self.authority, open(self.key, "rb").read(), open(self.certificate, "rb").read())
        call = self.stream_services.NodeStreamServiceStub(
            grpc.secure_channel(self.fleet.listens["control"], secrets)).Connect(messages())
        assert next(call).HasField("welcome")
        threading.Thread(target=self.listen, args=(call,), daemon=True).start()
        call.add_callback(over.set)
        return call

    @staticmethod
    def listen(call):
        """Takes what control says until the call ends."""
        import grpc

        try:
            for _ in call:
                pass
        except grpc.RpcError:
            pass


class TLSPort:
    """A TLS server by Python's ssl that keeps what it was asked for and what was sent behind the handshake."""

    def __init__(self, certificate, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.context.set_alpn_protocols(["h2"])
        self.names, self.received, self.plain, self.visits = set(), [], [], 0
        self.context.sni_callback = lambda _, name, __: self.names.add(name)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.visited, args=(raw,), daemon=True).start()

    def visited(self, raw):
        try:
            first = raw.recv(1, socket.MSG_PEEK)
            if first != b"\x16":
                # BitTorrent, or what should have been TLS.
                self.plain.append(raw.recv(24))
                raw.close()
                return
            with self.context.wrap_socket(raw, server_side=True) as connection:
                self.received.append(connection.recv(65536))
        except OSError:
            pass
        finally:
            self.visits += first == b"\x16"


def visited_by_an_agent(fleet, port, relay):
    """Pushes to an agent, for which the port is the only relay, until it has been visited."""
    call = relay.connect(port.address)
    fleet.start_agent(1)
    fleet.register_origin()
    fleet.origin.make_file("build.img", 1)
    fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo")
    wait_until(lambda: port.visits, 30, "the agent to call the relay")
    call.cancel()
    assert port.names == {NODE_NAME}, port.names
    assert not any(sent.startswith(b"PRI ") or sent.startswith(b"GET ") for sent in port.plain), port.plain


def case_an_agent_calls_its_relay_over_tls(binary):
    """A relay of Python's ssl with a certificate that control has given it: the agent speaks HTTP/2 to it inside TLS."""
    with tempfile.TemporaryDirectory() as folder, Fleet(binary) as fleet:
        fleet.start_control()
        relay = Enrolled(fleet, folder, "relay-1", "relay")
        port = TLSPort(relay.certificate, relay.key)
        visited_by_an_agent(fleet, port, relay)
        assert port.received[0].startswith(b"PRI * HTTP/2.0"), port.received


def case_an_agent_tells_nothing_to_another_in_its_place(binary):
    """The relay's address shows the certificate of an agent of the same fleet: nothing is sent behind the handshake."""
    with tempfile.TemporaryDirectory() as folder, Fleet(binary) as fleet:
        fleet.start_control()
        relay = Enrolled(fleet, folder, "relay-1", "relay")
        other = Enrolled(fleet, folder, "agent-2", "agent")
        port = TLSPort(other.certificate, other.key)
        visited_by_an_agent(fleet, port, relay)
        assert not any(port.received), port.received


def case_a_relay_with_a_certificate_of_its_users(binary):
    """--tls-cert: curl is shown that one, nodes the one control gave; a push over HTTP alone goes through."""
    with tempfile.TemporaryDirectory() as folder, Fleet(binary) as fleet:
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=public",
                "-addext", "subjectAltName=DNS:relay.example", "-keyout", f"{folder}/public.key",
                "-out", f"{folder}/public.crt", "-days", "2")
        fleet.start_control()
        fleet.start_relay(1, "--tls-cert", f"{folder}/public.crt", "--tls-key", f"{folder}/public.key")
        fleet.start_agent(1)

        def subject(name):
            shown = openssl("s_client", "-connect", fleet.listens["relay-1"], "-servername", name, given="", expect=None)
            return next(line for line in shown.splitlines() if line.startswith("subject="))

        assert "public" in subject("relay.example")
        assert "relay-1" in subject(NODE_NAME)
        fleet.register_origin()
        path = fleet.origin.make_file("build.img", 8)
        fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo", "--no-bittorrent", "--watch")
        assert sha256_of(fleet.delivered(1, "build.img")) == sha256_of(path)


def curl_status(url, *arguments):
    return subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "20", *arguments, url],
                          capture_output=True, text=True).stdout


def case_plaintext_is_for_those_who_ask_for_it(binary):
    """Beyond loopback files go out by HTTP without TLS only with --plain-http; the tracker, which is BitTorrent's, always."""
    in_own_network("10.77.0.2", lambda: plaintext_refused(binary, "10.77.0.2"))


def plaintext_refused(binary, host):
    with Fleet(binary, host=host) as fleet:
        fleet.start_control()
        fleet.start_relay(1)
        fleet.start_relay(2, "--plain-http")
        fleet.start_agent(1)
        fleet.register_origin()
        fleet.origin.make_file("build.img", 4)
        fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo", "--watch")
        name = fleet.json("distributions", "list")["distributions"][0]["name"]
        torrent = f"{fleet.root}/build.torrent"
        wait_until(lambda: fleet.run("torrent", name, "-o", torrent, expect=None).returncode == 0, 20, "the torrent")
        closed, opened, agent = (fleet.listens[node] for node in ("relay-1", "relay-2", "agent-1"))
        for prior in ((), ("--http2-prior-knowledge",)):
            for address in (closed, agent):
                assert curl_status(f"http://{address}/blobs", *prior) == "403"
            assert curl_status(f"http://{opened}/blobs", *prior) == "200"
        assert curl_status(f"https://{closed}/blobs", "-k") == "200"
        assert curl_status(f"http://{closed}/announce") == "200"
        with open(torrent, "rb") as file:
            content = file.read()
        assert f"http://{opened}/blobs/".encode() in content and f"http://{closed}/blobs/".encode() not in content
        assert f"http://{closed}/announce".encode() in content


def case_a_web_page_cannot_read_files_by_a_name_of_its_own(binary):
    """DNS rebinding: on loopback a plaintext request under a foreign name is refused, over either version of HTTP."""
    with Fleet(binary) as fleet:
        fleet.start_control()
        fleet.start_relay(1)
        address = fleet.listens["relay-1"]
        for prior in ((), ("--http2-prior-knowledge",)):
            assert curl_status(f"http://{address}/blobs", *prior) == "200"
            assert curl_status(f"http://{address}/blobs", "-H", "Host: page.example", *prior) == "403"
