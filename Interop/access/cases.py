"""Other people's programs against control with TLS: openssl, curl and grpcio enroll, call, and are shut out."""
import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fleet import Fleet, Process, sha256_of, wait_until

PROTOS = Path(__file__).resolve().parents[2] / "Protos"


def stubs(folder, *names):
    """Python clients made from our protos with grpcio-tools."""
    from grpc_tools import protoc
    import grpc_tools

    include = str(Path(grpc_tools.__file__).parent / "_proto")
    files = [str(path) for path in PROTOS.glob("sluice/v1/*.proto")]
    assert protoc.main(["protoc", f"-I{PROTOS}", f"-I{include}", f"--python_out={folder}",
                        f"--grpc_python_out={folder}", *files]) == 0
    if folder not in sys.path:
        sys.path.insert(0, folder)
    for name in [name for name in sys.modules if name == "sluice" or name.startswith("sluice.")]:
        del sys.modules[name]
    return [importlib.import_module(f"sluice.v1.{name}") for name in names]


def openssl(*arguments, given=None, expect=0):
    # s_client shows what the server sends first as it comes, which is not text.
    done = subprocess.run(["openssl", *arguments], input=given, capture_output=True, text=True, errors="replace", timeout=60)
    assert expect is None or done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


def code(call):
    """The name of the status that a grpcio call ends with."""
    import grpc

    try:
        result = call()
        if hasattr(result, "__next__"):
            for _ in result:
                pass
        return "OK"
    except grpc.RpcError as error:
        return error.code().name


def authority(fleet):
    path = f"{fleet.root}/authority.pem"
    with open(path, "w") as file:
        file.write(fleet.context()["certificateAuthority"])
    return path


def case_openssl_proves_control(binary):
    """openssl s_client verifies control's chain and names; the token's fingerprint is the authority's; keys are 0600."""
    import base64

    with Fleet(binary) as fleet:
        fleet.start_control()
        ca = authority(fleet)
        port = fleet.listens["control"].split(":")[1]
        for options in (["-verify_ip", "127.0.0.1"], ["-verify_hostname", "localhost"]):
            shown = openssl("s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", ca, "-verify_return_error",
                            "-alpn", "h2", *options, given="")
            assert "Verify return code: 0 (ok)" in shown and "ALPN protocol: h2" in shown, shown
        openssl("s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", ca, "-verify_return_error",
                "-verify_hostname", "elsewhere.example", given="", expect=1)
        fingerprint = re.search("=([0-9A-F:]+)", openssl("x509", "-in", ca, "-noout", "-fingerprint", "-sha256")).group(1)
        token = fleet.json("join-tokens", "create", "--role", "agent")["token"]
        encoded = token.removeprefix("sluice_join_")
        content = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        assert len(content) == 64 and content[32:].hex() == fingerprint.replace(":", "").lower()
        for name in ("ca.key", "server.key", "admin.token", "context.json"):
            mode = os.stat(f"{fleet.root}/control/{name}").st_mode & 0o777
            assert mode == 0o600, f"{name} has mode {mode:o}"


def case_curl_is_refused_in_plaintext(binary):
    """curl over HTTP/2 without TLS gets nothing from a control that has TLS; over TLS it is answered."""
    with Fleet(binary) as fleet:
        fleet.start_control()
        address = fleet.listens["control"]
        plain = subprocess.run(["curl", "-s", "--http2-prior-knowledge", "-m", "5", f"http://{address}/"],
                               capture_output=True)
        assert plain.returncode != 0
        answered = subprocess.run(["curl", "-s", "--cacert", authority(fleet), "-m", "5", "-o", "/dev/null", "-w",
                                   "%{http_version} %{ssl_verify_result}", f"https://{address}/"],
                                  capture_output=True, text=True)
        assert answered.stdout == "2 0", answered.stdout


def case_roles_as_grpcio_sees_them(binary):
    """grpcio with no token, a wrong one, and one of each role: UNAUTHENTICATED, PERMISSION_DENIED or served."""
    import grpc

    with tempfile.TemporaryDirectory() as folder, Fleet(binary) as fleet:
        origins, origin_services, access, access_services, orders, order_services = stubs(
            folder, "origins_pb2", "origins_pb2_grpc", "access_pb2", "access_pb2_grpc", "distributions_pb2",
            "distributions_pb2_grpc")
        fleet.start_control()
        tokens = {role: fleet.json("api-tokens", "create", f"the-{role}", "--role", role)["token"]
                  for role in ("viewer", "operator", "admin")}
        tokens["wrong"] = "sluice_api_" + "A" * 43

        def outcomes(channel):
            listing = origin_services.OriginServiceStub(channel)
            return [
                code(lambda: listing.ListOrigins(origins.ListOriginsRequest(), timeout=10)),
                code(lambda: order_services.DistributionServiceStub(channel).CancelDistribution(
                    orders.CancelDistributionRequest(name="d-none"), timeout=10)),
                code(lambda: access_services.AuditRecordServiceStub(channel).ListAuditRecords(
                    access.ListAuditRecordsRequest(), timeout=10)),
            ]

        expected = {
            "viewer": ["OK", "PERMISSION_DENIED", "PERMISSION_DENIED"],
            "operator": ["OK", "NOT_FOUND", "PERMISSION_DENIED"],
            "admin": ["OK", "NOT_FOUND", "OK"],
            "wrong": ["UNAUTHENTICATED"] * 3,
        }
        for role, wanted in expected.items():
            with fleet.channel(tokens[role]) as channel:
                assert outcomes(channel) == wanted, f"{role}: {outcomes(channel)}"
        secrets = grpc.ssl_channel_credentials(fleet.context()["certificateAuthority"].encode())
        with grpc.secure_channel(fleet.listens["control"], secrets) as channel:
            assert outcomes(channel) == ["UNAUTHENTICATED"] * 3
            health = channel.unary_unary("/grpc.health.v1.Health/Check")
            assert health(b"", timeout=10) == b"\x08\x01", "health is not SERVING, or not open"
            reflection = channel.stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
            listed = next(reflection(iter([b"\x3a\x00"]), timeout=10))
            assert b"sluice.v1.AuditRecordService" in listed, "reflection is not open"


def what_an_agent_enrolls_with(fleet, folder):
    """A join token, control's authority, and a request for a key that openssl makes in `folder`/key.pem."""
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x",
            "-keyout", f"{folder}/key.pem", "-out", f"{folder}/request.pem")
    with open(f"{folder}/request.pem") as file:
        request = file.read()
    token = fleet.json("join-tokens", "create", "--role", "agent")["token"]
    return token, fleet.context()["certificateAuthority"].encode(), request


def case_a_key_of_openssl_enrolls(binary):
    """openssl makes a key and a request, grpcio enrolls and opens a node stream with it; under another name it may not."""
    import grpc

    with tempfile.TemporaryDirectory() as folder, Fleet(binary) as fleet:
        nodes, stream, stream_services, enrollment, enrollment_services = stubs(
            folder, "nodes_pb2", "node_stream_pb2", "node_stream_pb2_grpc", "enrollment_pb2", "enrollment_pb2_grpc")
        fleet.start_control()
        token, ca, request = what_an_agent_enrolls_with(fleet, folder)
        with grpc.secure_channel(fleet.listens["control"], grpc.ssl_channel_credentials(ca)) as channel:
            service = enrollment_services.EnrollmentServiceStub(channel)
            wrong = enrollment.EnrollRequest(join_token=token, name="python", role=nodes.NODE_ROLE_RELAY,
                                             certificate_request=request)
            assert code(lambda: service.Enroll(wrong, timeout=10)) == "PERMISSION_DENIED"
            answer = service.Enroll(enrollment.EnrollRequest(
                join_token=token, name="python", role=nodes.NODE_ROLE_AGENT, certificate_request=request), timeout=10)
        with open(f"{folder}/node.pem", "w") as file:
            file.write(answer.certificate)
        verified = openssl("verify", "-CAfile", authority(fleet), "-purpose", "sslclient", f"{folder}/node.pem")
        assert verified.strip().endswith("OK")
        text = openssl("x509", "-in", f"{folder}/node.pem", "-noout", "-ext", "subjectAltName")
        assert "URI:sluice://node/python?role=agent" in text, text
        with open(f"{folder}/key.pem", "rb") as file:
            secrets = grpc.ssl_channel_credentials(ca, file.read(), answer.certificate.encode())
        with grpc.secure_channel(fleet.listens["control"], secrets) as channel:
            service = stream_services.NodeStreamServiceStub(channel)

            def first(name):
                hello = stream.ConnectRequest(hello=stream.Hello(node=nodes.Node(name=name, role=nodes.NODE_ROLE_AGENT)))
                call = service.Connect(held_open(hello), timeout=20)
                answer = next(call)
                call.cancel()
                return answer

            assert first("python").HasField("welcome")
            assert code(lambda: first("somebody-else")) == "PERMISSION_DENIED"


def held_open(message):
    """One message up, and the stream stays open."""
    yield message
    time.sleep(10)


def case_certificates_renew_while_a_push_runs(binary):
    """Certificates of ten seconds: nodes renew several times in one push, which completes; the files change on disk."""
    with Fleet(binary, origin_rate=1_000_000) as fleet:
        fleet.launch("control", ["control", "--data", f"{fleet.root}/control", "--listen", "LISTEN",
                                 "--certificate-lifetime", "10s"])
        path = fleet.origin.make_file("build.img", 16)
        fleet.start_relay(1)
        fleet.start_agent(1)
        fleet.register_origin()
        with open(f"{fleet.root}/relay-1/node.crt") as file:
            before = file.read()
        fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo", "--watch")
        assert sha256_of(fleet.delivered(1, "build.img")) == sha256_of(path)
        with open(f"{fleet.root}/relay-1/node.crt") as file:
            assert file.read() != before, "the certificate was not renewed"
        renewals = [line for line in fleet.processes["relay-1"].lines if "certificate was renewed" in line]
        assert len(renewals) >= 2, f"{len(renewals)} renewals"
        assert os.stat(f"{fleet.root}/relay-1/node.key").st_mode & 0o777 == 0o600


def case_a_node_that_was_away_renews(binary):
    """An agent is down until openssl says that its certificate has ended; it comes back without its join token, a revoked one does not."""
    with Fleet(binary) as fleet:
        fleet.launch("control", ["control", "--data", f"{fleet.root}/control", "--listen", "LISTEN",
                                 "--certificate-lifetime", "10s"])
        for number in (1, 2):
            fleet.start_agent(number)
            fleet.processes[f"agent-{number}"].kill()
        fleet.run("nodes", "revoke", "agent-2")

        def has_ended():
            return all(subprocess.run(["openssl", "x509", "-in", f"{fleet.root}/agent-{number}/node.crt", "-noout", "-checkend",
                                       "0"], capture_output=True).returncode == 1 for number in (1, 2))

        wait_until(has_ended, 30, "the certificates to end")

        def without_token(number):
            arguments, ready = fleet.commands[f"agent-{number}"]
            at = arguments.index("--join-token")
            return arguments[:at] + arguments[at + 2:], ready

        agent = fleet.launch("agent-1", *without_token(1))
        agent.await_line("connected")
        assert any("had ended, and was renewed" in line for line in agent.lines), agent.lines
        arguments = [a.replace("LISTEN", "127.0.0.1:0") for a in without_token(2)[0]]
        refused = subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=30)
        assert refused.returncode == 5, refused.stderr


def case_what_is_revoked_ends_at_once(binary):
    """Revoking a token ends its watch, revoking a node ends its stream, each within a second; neither comes back."""
    import threading

    with tempfile.TemporaryDirectory() as folder, Fleet(binary, origin_rate=500_000) as fleet:
        orders, order_services = stubs(folder, "distributions_pb2", "distributions_pb2_grpc")
        fleet.origin.make_file("build.img", 32)
        fleet.start(relays=1, agents=1)
        fleet.register_origin()
        fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo")
        name = fleet.json("distributions", "list")["distributions"][0]["name"]
        token = fleet.json("api-tokens", "create", "ci", "--role", "viewer")["token"]
        ended = {}
        with fleet.channel(token) as channel:
            watch = order_services.DistributionServiceStub(channel).WatchDistribution(
                orders.WatchDistributionRequest(name=name), timeout=60)
            next(watch)

            def follow():
                ended["code"] = code(lambda: watch)
                ended["at"] = time.monotonic()

            thread = threading.Thread(target=follow)
            thread.start()
            fleet.run("api-tokens", "delete", "ci")
            deleted = time.monotonic()
            thread.join(10)
            assert ended.get("code") == "UNAUTHENTICATED", ended
            assert ended["at"] - deleted < 1, f"{ended['at'] - deleted:.2f} s"
        fleet.run("nodes", "revoke", "agent-1")
        revoked = time.monotonic()

        def away():
            nodes = fleet.json("nodes", "list")["nodes"]
            return not any(node["name"] == "agent-1" and node.get("connected") for node in nodes)

        wait_until(away, 5, "the agent's stream to end")
        assert time.monotonic() - revoked < 1.5, "the stream outlived its revocation"
        fleet.processes["agent-1"].await_line("was revoked")
        actions = [(r["principal"], r["method"].split("/")[1], r.get("resource"), r["outcome"])
                   for r in fleet.json("audit-records", "list")["auditRecords"]]
        assert ("token/admin", "RevokeNode", "agent-1", "OK") in actions, actions
        assert ("token/admin", "DeleteApiToken", "ci", "OK") in actions, actions
        assert ("join-token", "Enroll", "agent-1", "OK") in actions or any(a[1] == "Enroll" for a in actions), actions
        fleet.processes["agent-1"].stop()
        refused = subprocess.run(
            [binary, "agent", "--name", "agent-1", "--control", fleet.listens["control"], "--data",
             f"{fleet.root}/again", "--dest", f"{fleet.root}/again/files", *fleet.join_options("agent")],
            capture_output=True, text=True, timeout=30)
        assert refused.returncode == 5, refused.stderr
        assert "agent-1" in refused.stderr, refused.stderr


class Impostor:
    """A TLS server with a certificate of its own for 127.0.0.1; keeps what clients send behind the handshake."""

    def __init__(self, folder):
        import socket
        import ssl
        import threading

        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=control",
                "-addext", "subjectAltName=IP:127.0.0.1,URI:sluice://control", "-keyout", f"{folder}/impostor.key",
                "-out", f"{folder}/impostor.crt", "-days", "2")
        secrets = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        secrets.load_cert_chain(f"{folder}/impostor.crt", f"{folder}/impostor.key")
        secrets.set_alpn_protocols(["h2"])
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.received, self.visits = b"", 0

        def serve():
            while True:
                try:
                    raw, _ = self.listener.accept()
                except OSError:
                    return
                self.visits += 1
                try:
                    with secrets.wrap_socket(raw, server_side=True) as connection:
                        while part := connection.recv(65536):
                            self.received += part
                except OSError:
                    pass

        threading.Thread(target=serve, daemon=True).start()

    def close(self):
        self.listener.close()


def case_a_node_without_a_token_and_an_impostor_are_refused(binary):
    """No join token: exit code 5 and what to do. A server that is not the token's control: the node sends it nothing."""
    with Fleet(binary) as fleet, tempfile.TemporaryDirectory() as other:
        fleet.start_control()

        def agent(control, *extra):
            return subprocess.run(
                [binary, "agent", "--control", control, "--data", f"{other}/agent", "--dest", other, *extra],
                capture_output=True, text=True, timeout=30)

        done = agent(fleet.listens["control"])
        assert done.returncode == 5 and "--join-token" in done.stderr, done.stderr
        spoilt = agent(fleet.listens["control"], "--join-token", "sluice_join_" + "A" * 83)
        assert spoilt.returncode == 2, spoilt.stderr
        token = fleet.json("join-tokens", "create", "--role", "agent")["token"]
        impostor = Impostor(other)
        try:
            refused = agent(impostor.address, "--join-token", token)
        finally:
            impostor.close()
        assert refused.returncode == 5 and "does not hold the authority" in refused.stderr, refused.stderr
        assert impostor.visits == 1 and impostor.received == b"", f"{impostor.visits} visits, {impostor.received[:80]}"


def case_join_tokens_are_spent_end_and_are_deleted(binary):
    """A token for one node lets one in; one that has ended or was deleted, and one of the other role, none."""
    with Fleet(binary) as fleet:
        fleet.start_control()

        def token(*options):
            return fleet.json("join-tokens", "create", "--role", "agent", *options)["token"]

        def agent(name, given, ready=None):
            command = [binary, "agent", "--name", name, "--control", fleet.listens["control"], "--data",
                       f"{fleet.root}/{name}", "--dest", f"{fleet.root}/{name}/files", "--listen", "127.0.0.1:0",
                       "--join-token", given]
            if ready:
                process = Process(command, name, f"{fleet.root}/{name}.log")
                try:
                    process.await_line(ready)
                finally:
                    process.stop()
                return None
            done = subprocess.run(command, capture_output=True, text=True, timeout=30)
            assert done.returncode == 5, f"{name}: {done.returncode} {done.stderr}"
            return done.stderr

        once = token()
        agent("first", once, "listening on")
        assert "used as often as it may be" in agent("second", once)
        agent("first", once, "listening on")
        short = token("--lifetime", "1s")
        time.sleep(1.1)
        assert "has ended" in agent("third", short)
        fleet.json("join-tokens", "create", "gone", "--role", "agent")
        deleted = token("--max-uses", "5")
        name = [t["name"] for t in fleet.json("join-tokens", "list")["joinTokens"] if t.get("maxUses") == 5][0]
        fleet.run("join-tokens", "delete", name)
        assert "not known" in agent("fourth", deleted)
        relays = fleet.json("join-tokens", "create", "--role", "relay")["token"]
        assert "other role" in agent("fifth", relays)
        named = token("--node", "sixth")
        assert "another node" in agent("seventh", named)
        agent("sixth", named, "listening on")
        nodes = [n["name"] for n in fleet.json("nodes", "list").get("nodes", [])]
        assert set(nodes) <= {"first", "sixth"}, nodes


def case_plaintext_is_asked_for_by_name(binary):
    """--plaintext works on loopback and nowhere else; --insecure-plaintext anywhere; a push without any TLS completes."""
    with Fleet(binary, plaintext=True) as fleet:
        path = fleet.origin.make_file("build.img", 4)
        fleet.start(relays=1, agents=1)
        fleet.register_origin()
        fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo", "--watch")
        assert sha256_of(fleet.delivered(1, "build.img")) == sha256_of(path)
        with fleet.channel() as channel:
            assert channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=10) == b"\x08\x01"
        control = [binary, "control", "--data", f"{fleet.root}/other", "--listen", "0.0.0.0:0"]
        refused = subprocess.run([*control, "--plaintext"], capture_output=True, text=True, timeout=30)
        assert refused.returncode == 4 and "--insecure-plaintext" in refused.stderr, refused.stderr
        allowed = Process([*control, "--insecure-plaintext"], "control", f"{fleet.root}/other.log")
        try:
            allowed.await_line("listening on")
        finally:
            allowed.stop()


def case_contexts_as_kubectl_has_them(binary):
    """A context made by hand, by CA file and token, reaches control; a wrong authority does not."""
    with Fleet(binary) as fleet:
        fleet.start_control()
        config = f"{fleet.root}/mine/config.json"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SLUICE_")}
        environment["SLUICE_CONFIG"] = config

        def sluice(*arguments):
            return subprocess.run([binary, *arguments], env=environment, capture_output=True, text=True, timeout=30)

        assert sluice("origins", "list").returncode == 4
        made = sluice("context", "set", "work", "--server", fleet.listens["control"], "--ca",
                      f"{fleet.root}/control/ca.crt", "--token", f"@{fleet.root}/control/admin.token")
        assert made.returncode == 0, made.stderr
        assert os.stat(config).st_mode & 0o777 == 0o600
        listed = sluice("origins", "list", "--output", "json")
        assert listed.returncode == 0, listed.stderr
        json.loads(listed.stdout)
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x",
                "-keyout", f"{fleet.root}/other.key", "-out", f"{fleet.root}/other.crt", "-days", "2")
        sluice("context", "set", "wrong", "--server", fleet.listens["control"], "--ca", f"{fleet.root}/other.crt",
               "--token", f"@{fleet.root}/control/admin.token")
        refused = sluice("origins", "list")
        assert refused.returncode == 6 and "TLS handshake" in refused.stderr, refused.stderr
        assert sluice("origins", "list", "--context", "work").returncode == 0
        assert sluice("context", "use", "work").returncode == 0
        assert ["*", "work"] in [line.split()[:2] for line in sluice("context", "list").stdout.split("\n")]
        assert sluice("context", "use", "none").returncode == 3


def case_revocations_outlive_kill_9(binary):
    """Control is killed the moment a token and a node are revoked: when it is back, both are refused, others are not."""
    with tempfile.TemporaryDirectory() as folder, Fleet(binary) as fleet:
        origins, origin_services = stubs(folder, "origins_pb2", "origins_pb2_grpc")
        fleet.start(relays=1, agents=1)
        tokens = {name: fleet.json("api-tokens", "create", name, "--role", "viewer")["token"] for name in ("gone", "kept")}
        fleet.run("api-tokens", "delete", "gone")
        fleet.run("nodes", "revoke", "agent-1")
        fleet.processes["control"].kill()
        fleet.restart("control")

        def lists(token):
            with fleet.channel(token) as channel:
                return code(lambda: origin_services.OriginServiceStub(channel).ListOrigins(
                    origins.ListOriginsRequest(), timeout=10))

        assert lists(tokens["gone"]) == "UNAUTHENTICATED" and lists(tokens["kept"]) == "OK"

        def connected():
            return {node["name"] for node in fleet.json("nodes", "list")["nodes"] if node.get("connected")}

        wait_until(lambda: "relay-1" in connected(), 20, "the relay to come back")
        fleet.processes["agent-1"].await_line("was revoked")
        assert connected() == {"relay-1"}


def case_a_token_that_ends_takes_its_watch_along(binary):
    """A token of three seconds: its watch ends with it, within two seconds, and is UNAUTHENTICATED from then on."""
    with tempfile.TemporaryDirectory() as folder, Fleet(binary, origin_rate=500_000) as fleet:
        orders, order_services = stubs(folder, "distributions_pb2", "distributions_pb2_grpc")
        fleet.origin.make_file("build.img", 32)
        fleet.start(relays=1, agents=1)
        fleet.register_origin()
        fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo")
        name = fleet.json("distributions", "list")["distributions"][0]["name"]
        made = time.monotonic()
        token = fleet.json("api-tokens", "create", "short", "--role", "viewer", "--lifetime", "3s")["token"]
        with fleet.channel(token) as channel:
            service = order_services.DistributionServiceStub(channel)
            request = orders.WatchDistributionRequest(name=name)
            ended = code(lambda: service.WatchDistribution(request, timeout=30))
            lasted = time.monotonic() - made
            assert ended == "UNAUTHENTICATED" and 2.5 <= lasted <= 5.5, f"{ended} after {lasted:.1f} s"
            assert code(lambda: service.WatchDistribution(request, timeout=30)) == "UNAUTHENTICATED"


def case_names_in_the_certificate(binary):
    """--name adds names to control's certificate; a further one is in it after a restart, under the same authority."""
    with Fleet(binary) as fleet:
        arguments = ["control", "--data", f"{fleet.root}/control", "--listen", "LISTEN", "--name", "control.example"]

        def shown(host):
            return openssl("s_client", "-connect", fleet.listens["control"], "-CAfile", ca, "-verify_return_error",
                           "-verify_hostname", host, "-servername", host, given="", expect=None)

        fleet.launch("control", arguments)
        ca = authority(fleet)
        assert "Verify return code: 0 (ok)" in shown("control.example")
        assert "Verify return code: 0 (ok)" not in shown("other.example")
        fleet.processes["control"].stop()
        fleet.launch("control", [*arguments, "--name", "other.example"])
        for host in ("control.example", "other.example", "localhost"):
            assert "Verify return code: 0 (ok)" in shown(host), host


def case_a_rogue_node_says_what_cannot_be(binary):
    """grpcio with an agent's certificate says the largest numbers, invents tasks and plays a relay: control lists all, now and after a restart."""
    import queue

    import grpc

    most = 2**64 - 1
    with tempfile.TemporaryDirectory() as folder, Fleet(binary, origin_rate=2_000_000) as fleet:
        nodes, orders, leases, stream, stream_services, enrollment, enrollment_services = stubs(
            folder, "nodes_pb2", "distributions_pb2", "leases_pb2", "node_stream_pb2", "node_stream_pb2_grpc",
            "enrollment_pb2", "enrollment_pb2_grpc")
        path = fleet.origin.make_file("build.img", 32)
        fleet.start(relays=1, agents=1)
        fleet.register_origin()
        token, ca, request = what_an_agent_enrolls_with(fleet, folder)
        with grpc.secure_channel(fleet.listens["control"], grpc.ssl_channel_credentials(ca)) as channel:
            answer = enrollment_services.EnrollmentServiceStub(channel).Enroll(enrollment.EnrollRequest(
                join_token=token, name="rogue", role=nodes.NODE_ROLE_AGENT, certificate_request=request), timeout=10)
        with open(f"{folder}/key.pem", "rb") as file:
            secrets = grpc.ssl_channel_credentials(ca, file.read(), answer.certificate.encode())

        def hello(**more):
            node = nodes.Node(name="rogue", role=nodes.NODE_ROLE_AGENT, version="x",
                              labels=[orders.Label(key="role", value="demo")])
            tasks = [stream.TaskAck(task=f"t-{number}", revision=most) for number in range(1000)]
            return stream.ConnectRequest(hello=stream.Hello(node=node, tasks=tasks, incarnation=1, **more))

        with grpc.secure_channel(fleet.listens["control"], secrets) as channel:
            service = stream_services.NodeStreamServiceStub(channel)
            said = queue.Queue()
            said.put(hello())
            call = service.Connect(iter(said.get, None), timeout=60)
            assert next(call).HasField("welcome")
            fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo")
            name = fleet.json("distributions", "list")["distributions"][0]["name"]
            while True:
                message = next(call)
                if message.HasField("task") and message.task.HasField("assignment"):
                    task = message.task.task
                    break
            for number in range(5000):
                said.put(stream.ConnectRequest(ack=stream.TaskAck(task=f"t-{number}", revision=most)))
            sources = orders.SourceBytes(agent_peers=most, relay_peers=most, relay_http=most, origin=most, duplicate=most)
            status = stream.TaskStatus(task=task, sequence=1, state=orders.TASK_STATE_RUNNING, message="x" * 100_000,
                                       verified_bytes=most, bytes_per_second=most, sources=sources, origin_bytes=most,
                                       served_bytes=most)
            status.elapsed.seconds = 2**62
            said.put(stream.ConnectRequest(status=status))
            heartbeat = leases.LeaseHeartbeat(origin="demo-origin", sequence=1, weight=2**32 - 1)
            heartbeat.wants.connections, heartbeat.wants.bytes_per_second, heartbeat.wants.bytes = 2**32 - 1, most, most
            heartbeat.origin_pause.seconds = -2**63
            said.put(stream.ConnectRequest(lease_heartbeat=heartbeat))
            for number, order in enumerate(["d-none", name, name]):
                said.put(stream.ConnectRequest(origin_usage=leases.OriginUsage(
                    origin="demo-origin", sequence=number + 1, distribution=order, bytes=most)))
            while not next(call).HasField("usage_ack"):
                pass

            def listed():
                shown = fleet.distribution(name)
                target = next(t for t in shown["targets"] if t["node"] == "rogue")
                assert int(target["verifiedBytes"]) == 32 << 20, target
                assert len(target["message"]) == 1024
                assert fleet.json("distributions", "list")["distributions"][0]["name"] == name
                assert len(fleet.json("nodes", "list")["nodes"]) == 3
                usage = fleet.json("origins", "get-usage", "demo-origin")
                assert all(entry["distribution"] == name for entry in usage.get("entries", [])), usage

            listed()
            said.put(stream.ConnectRequest(hash_batches=stream.HashBatches(blob=b"x" * 32)))
            assert code(lambda: call) == "PERMISSION_DENIED"
            said.put(None)
            refused = service.Connect(iter([hello(public_key=b"x" * 1000)]), timeout=10)
            assert code(lambda: refused) == "INVALID_ARGUMENT"
        fleet.processes["control"].kill()
        fleet.restart("control")
        listed()
        # Shut out, it is waited for no more.
        fleet.run("nodes", "revoke", "rogue")
        wait_until(lambda: fleet.distribution(name)["state"] == "DISTRIBUTION_STATE_FAILED", 120, "the end of the order")
        shown = fleet.distribution(name)
        assert shown["failure"] == "1 of 2 targets failed; rogue: the node was revoked", shown["failure"]
        assert sha256_of(fleet.delivered(1, "build.img")) == sha256_of(path)
