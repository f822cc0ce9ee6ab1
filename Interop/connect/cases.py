"""buf curl and connectrpc, two independent stacks, call control by Connect, gRPC-Web and gRPC."""
import base64
import http.client
import importlib
import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from fleet import Fleet, sha256_of

PROTOS = Path(__file__).resolve().parents[2] / "Protos"
BUF = Path(sys.prefix) / "bin/buf"


def buf(fleet, protocol, method, request, *options):
    """One call; the answers as JSON, and what it wrote to standard error."""
    scheme = "http" if fleet.plaintext else "https"
    url = f"{scheme}://{fleet.listens['control']}/sluice.v1.{method}"
    done = subprocess.run([str(BUF), "curl", "--protocol", protocol, *options, "-d", json.dumps(request), url],
                          capture_output=True, text=True, timeout=90)
    decoder, rest, answers = json.JSONDecoder(), done.stdout.strip(), []
    while rest:
        answer, end = decoder.raw_decode(rest)
        answers.append(answer)
        rest = rest[end:].strip()
    return done.returncode, answers, done.stderr


def new_origin(name, fleet):
    return {"origin": {"name": name, "baseUrls": [fleet.origin.base_url], "allowPrivateAddresses": True}}


def order(fleet):
    return {"distribution": {"sourceUrl": fleet.origin.base_url + "build.img",
                             "targetLabels": [{"key": "role", "value": "demo"}]}}


def case_buf_curl(binary):
    """buf curl creates, fails and watches by each protocol, over HTTP/1.1 and HTTP/2, by reflection and by file."""
    with Fleet(binary, plaintext=True) as fleet:
        path = fleet.origin.make_file("build.img", 4)
        fleet.start(relays=1, agents=1)
        for protocol, options in (("connect", ["--schema", str(PROTOS)]), ("connect", ["--http2-prior-knowledge"]),
                                  ("grpcweb", ["--schema", str(PROTOS)]), ("grpcweb", ["--http2-prior-knowledge"]),
                                  ("grpc", ["--http2-prior-knowledge"])):
            def call(method, request):
                return buf(fleet, protocol, method, request, *options)

            code, answers, said = call("OriginService/CreateOrigin", new_origin("files", fleet))
            assert code == 0 and answers[0]["origin"]["name"] == "files", (protocol, options, said)
            code, _, said = call("OriginService/CreateOrigin", new_origin("files", fleet))
            assert code != 0 and json.loads(said)["code"] == "already_exists", (protocol, said)
            code, answers, said = call("DistributionService/CreateDistribution", order(fleet))
            assert code == 0, (protocol, said)
            name = answers[0]["distribution"]["name"]
            code, answers, said = call("DistributionService/WatchDistribution", {"name": name})
            assert code == 0 and answers[-1]["distribution"]["state"] == "DISTRIBUTION_STATE_COMPLETED", (protocol, said)
            code, answers, said = call("DistributionService/WatchDistribution", {"name": "none"})
            assert code != 0 and not answers and json.loads(said)["code"] == "not_found", (protocol, said)
            assert call("OriginService/DeleteOrigin", {"name": "files"})[0] == 0
        assert sha256_of(fleet.delivered(1, "build.img")) == sha256_of(path)


def case_tls_with_token(binary):
    """Straight at control over TLS: each protocol creates, lists and watches with a token out of a file, and not without."""
    with Fleet(binary) as fleet:
        fleet.origin.make_file("build.img", 2)
        fleet.start(relays=1, agents=1)
        files = {}
        viewer = fleet.json("api-tokens", "create", "reader", "--role", "viewer")["token"]
        for who, token in (("admin", fleet.context()["token"]), ("viewer", viewer), ("stranger", "sluice_api_" + "A" * 43)):
            files[who] = f"{fleet.root}/{who}.header"
            Path(files[who]).write_text(f"authorization: Bearer {token}\n")
        for protocol, options in (("connect", ["--schema", str(PROTOS)]), ("grpcweb", ["--schema", str(PROTOS)]),
                                  ("grpc", ["--schema", str(PROTOS)]), ("grpcweb", []), ("connect", [])):
            def call(who, method, request):
                header = ["-H", f"@{files[who]}"] if who else []
                # By reflection, whose calls carry the header too.
                reflect = ["--reflect-header", "*"] if not options and who else []
                return buf(fleet, protocol, method, request, "--cacert", fleet.authority, *header, *reflect, *options)

            code, answers, said = call("admin", "OriginService/CreateOrigin", new_origin("files", fleet))
            assert code == 0 and answers[0]["origin"]["name"] == "files", (protocol, options, said)
            code, answers, said = call("admin", "DistributionService/CreateDistribution", order(fleet))
            assert code == 0, (protocol, said)
            name = answers[0]["distribution"]["name"]
            code, answers, said = call("viewer", "DistributionService/WatchDistribution", {"name": name})
            assert code == 0 and answers[-1]["distribution"]["state"] == "DISTRIBUTION_STATE_COMPLETED", (protocol, said)
            code, answers, said = call("viewer", "DistributionService/ListDistributions", {})
            assert code == 0 and name in [one["name"] for one in answers[0]["distributions"]], (protocol, said)
            for who, expected in (("viewer", "permission_denied"), ("stranger", "unauthenticated"), (None, "unauthenticated")):
                code, _, said = call(who, "OriginService/DeleteOrigin", {"name": "files"})
                assert code != 0 and json.loads(said)["code"] == expected, (protocol, who, said)
            code, answers, said = call("stranger", "DistributionService/WatchDistribution", {"name": name})
            assert code != 0 and not answers and json.loads(said)["code"] == "unauthenticated", (protocol, said)
            assert call("admin", "OriginService/DeleteOrigin", {"name": "files"})[0] == 0
        # The README's own calls.
        call = ["curl", "-sS", "--cacert", fleet.authority, "-H", f"@{files['admin']}", "-H", "content-type: application/json", "-d", "{}"]
        shown = subprocess.run([*call, f"https://{fleet.listens['control']}/sluice.v1.NodeService/ListNodes"], capture_output=True,
                               text=True, timeout=30, check=True).stdout
        assert {node["name"] for node in json.loads(shown)["nodes"]} == {"relay-1", "agent-1"}, shown


def generated(folder):
    """Python messages of the protos, made with grpcio-tools."""
    import grpc_tools
    from grpc_tools import protoc

    include = str(Path(grpc_tools.__file__).parent / "_proto")
    files = [str(path) for path in PROTOS.glob("sluice/v1/*.proto")]
    assert protoc.main(["protoc", f"-I{PROTOS}", f"-I{include}", f"--python_out={folder}", *files]) == 0
    sys.path.insert(0, folder)
    return [importlib.import_module(f"sluice.v1.{name}_pb2") for name in ("origins", "distributions")]


def case_connectrpc(binary):
    """connectrpc: Connect in protobuf and JSON, gRPC-Web, gRPC; gzip both ways, errors, a deadline, streams."""
    from connectrpc.client import ConnectClientSync
    from connectrpc.code import Code
    from connectrpc.compat import google_protobuf_binary_codec, google_protobuf_json_codec
    from connectrpc.errors import ConnectError
    from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
    from connectrpc.protocol import ProtocolType
    from pyqwest import HTTPVersion, SyncClient, SyncHTTPTransport

    with tempfile.TemporaryDirectory() as folder, Fleet(binary, plaintext=True) as fleet:
        origins, distributions = generated(folder)

        def method(module, service, name, stream=StreamType.UNARY):
            return MethodInfo(
                name=name, service_name=f"sluice.v1.{service}", input=getattr(module, f"{name}Request"),
                output=getattr(module, f"{name}Response"), idempotency_level=IdempotencyLevel.UNKNOWN, stream_type=stream)

        create_origin = method(origins, "OriginService", "CreateOrigin")
        delete_origin = method(origins, "OriginService", "DeleteOrigin")
        create = method(distributions, "DistributionService", "CreateDistribution")
        watch = method(distributions, "DistributionService", "WatchDistribution", StreamType.SERVER_STREAM)
        fleet.origin.make_file("build.img", 4)
        fleet.start(relays=1, agents=1)
        address = f"http://{fleet.listens['control']}"
        for protocol, codec, version in (
            (ProtocolType.CONNECT, google_protobuf_binary_codec(), HTTPVersion.HTTP1),
            (ProtocolType.CONNECT, google_protobuf_json_codec(), HTTPVersion.HTTP1),
            (ProtocolType.CONNECT, google_protobuf_binary_codec(), HTTPVersion.HTTP2),
            (ProtocolType.GRPC_WEB, google_protobuf_binary_codec(), HTTPVersion.HTTP1),
            (ProtocolType.GRPC_WEB, google_protobuf_binary_codec(), HTTPVersion.HTTP2),
            (ProtocolType.GRPC, google_protobuf_binary_codec(), HTTPVersion.HTTP2),
        ):
            case = f"{protocol} {codec.name()} {version}"
            with SyncHTTPTransport(http_version=version) as transport, ConnectClientSync(
                    address, protocol=protocol, codec=codec, http_client=SyncClient(transport)) as client:
                request = create_origin.input(origin=origins.Origin(
                    name="files", base_urls=[fleet.origin.base_url], allow_private_addresses=True))
                made = client.execute_unary(request=request, method=create_origin)
                assert made.origin.name == "files" and made.origin.create_time.seconds > 0, case
                try:
                    client.execute_unary(request=request, method=create_origin)
                    raise AssertionError(f"{case}: made twice")
                except ConnectError as error:
                    assert error.code == Code.ALREADY_EXISTS and "files" in error.message, (case, error)
                # Labels that compress well, so that the body is surely sent as gzip.
                labels = [distributions.Label(key="role", value="demo")]
                ordered = create.input(distribution=distributions.Distribution(
                    source_url=fleet.origin.base_url + "build.img", target_labels=labels, version="v" * 60))
                name = client.execute_unary(request=ordered, method=create).distribution.name
                states = [answer.distribution.state for answer in client.execute_server_stream(
                    request=watch.input(name=name), method=watch, timeout_ms=60_000)]
                assert states[-1] == distributions.DISTRIBUTION_STATE_COMPLETED, (case, states)
                client.execute_unary(request=delete_origin.input(name="files"), method=delete_origin)
        # Nobody can complete this one, so only the deadline ends the watch.
        fleet.processes["agent-1"].stop()
        with ConnectClientSync(address, codec=google_protobuf_binary_codec()) as client:
            client.execute_unary(request=request, method=create_origin)
            name = client.execute_unary(request=ordered, method=create).distribution.name
            try:
                for _ in client.execute_server_stream(request=watch.input(name=name), method=watch, timeout_ms=500):
                    pass
                raise AssertionError("the watch outlived its deadline")
            except ConnectError as error:
                assert error.code == Code.DEADLINE_EXCEEDED, error


def exchange(address, method, path, headers, body=b""):
    """One request over HTTP/1.1 as a browser would send it."""
    connection = http.client.HTTPConnection(address, timeout=20)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, dict((name.lower(), value) for name, value in answer.getheaders()), answer.read()
    finally:
        connection.close()


def case_browser(binary):
    """A browser's gRPC-Web in text form, and its preflight: an allowed page gets in, another does not."""
    page, other = "https://console.example", "https://elsewhere.example"
    with Fleet(binary, plaintext=True) as fleet:
        fleet.launch("control", ["control", "--data", f"{fleet.root}/control", "--listen", "LISTEN", "--allow-origin", page])
        address, path = fleet.listens["control"], "/sluice.v1.OriginService/ListOrigins"
        asked = {"access-control-request-method": "POST", "access-control-request-headers": "content-type,x-grpc-web,authorization"}
        status, fields, _ = exchange(address, "OPTIONS", path, {"origin": page, **asked})
        assert status in (200, 204) and fields["access-control-allow-origin"] == page, fields
        assert "POST" in fields["access-control-allow-methods"]
        assert set(asked["access-control-request-headers"].split(",")) <= set(
            fields["access-control-allow-headers"].replace(" ", "").lower().split(","))
        _, fields, _ = exchange(address, "OPTIONS", path, {"origin": other, **asked})
        assert "access-control-allow-origin" not in fields, fields
        text = {"content-type": "application/grpc-web-text", "x-grpc-web": "1"}
        message = base64.b64encode(struct.pack(">BI", 0, 0))
        status, fields, body = exchange(address, "POST", path, {"origin": page, **text}, message)
        assert status == 200 and fields["access-control-allow-origin"] == page, fields
        assert "grpc-status" in fields["access-control-expose-headers"]
        # Padding may end each part: every piece up to it is base64 of its own.
        plain = b"".join(base64.b64decode(body[at:at + 4]) for at in range(0, len(body), 4))
        flag, length = struct.unpack(">BI", plain[:5])
        assert (flag, length) == (0, 0), plain
        assert plain[5] == 0x80 and b"grpc-status: 0\r\n" in plain[10:], plain
        status, fields, body = exchange(address, "POST", path, {"origin": other, **text}, message)
        assert "access-control-allow-origin" not in fields and status == 403, (status, fields, body)
