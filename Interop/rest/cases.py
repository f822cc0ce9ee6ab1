"""Any HTTP client uses control: curl by hand, schemathesis by the OpenAPI document."""
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

from fleet import Fleet, sha256_of

ROOT = Path(__file__).resolve().parents[2]


class Rest:
    """curl against one control; every answer comes with its status and its headers."""

    def __init__(self, fleet, *options):
        self.base = f"{'http' if fleet.plaintext else 'https'}://{fleet.listens['control']}"
        self.options = options

    def raw(self, method, path, *arguments, body=None):
        command = ["curl", "-sS", "-i", "--max-time", "60", "-X", method, *self.options, *arguments, self.base + path]
        if method == "HEAD":
            command.append("--head")
        if body is not None:
            command += ["--data-binary", "@-", "-H", "content-type: application/json"]
        done = subprocess.run(command, input=body, capture_output=True, check=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        while head.split()[1].startswith(b"1"):  # 100 Continue
            head, _, content = content.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        return int(status.split()[1]), fields, content

    def call(self, method, path, body=None, expect=200):
        given = None if body is None else json.dumps(body).encode()
        status, fields, content = self.raw(method, path, body=given)
        assert status == expect, f"{method} {path}: {status} {content!r}"
        assert fields["content-type"] == "application/json", fields
        return json.loads(content)

    def failure(self, method, path, expect, code, body=None):
        error = self.call(method, path, body, expect)["error"]
        assert error["code"] == expect and error["status"] == code and error["message"], error
        return error["message"]


def order(fleet, labels, request_id=None):
    query = f"?requestId={request_id}" if request_id else ""
    return f"/v1/distributions{query}", {
        "sourceUrl": fleet.origin.base_url + "build.img",
        "target_labels": [{"key": key, "value": value} for key, value in labels],
        "config": {"assistAfter": "1.5s", "maxAgentBytesPerSecond": "500000000"},
    }


def fits(document, schema, value):
    """Whether a value is what a schema inside the OpenAPI document says."""
    import jsonschema_rs

    return jsonschema_rs.is_valid({**schema, "components": document["components"]}, value)


def create_origin(rest, fleet, rate=None):
    limits = {"limits": {"maxBytesPerSecond": str(rate)}} if rate else {}
    return rest.call("POST", "/v1/origins", {
        "name": "files", "baseUrls": [fleet.origin.base_url], "allowPrivateAddresses": True, **limits})


def case_resources(binary):
    """curl creates, gets, lists a page at a time, changes, cancels and deletes, over HTTP/1.1 and HTTP/2."""
    for options in (["--http1.1"], ["--http2-prior-knowledge"]):
        with Fleet(binary, plaintext=True) as fleet:
            fleet.origin.make_file("build.img", 1)
            fleet.start(relays=1, agents=1)
            rest = Rest(fleet, *options)
            assert create_origin(rest, fleet)["createTime"].endswith("Z")
            # At a byte per second the orders stay under way.
            wanted = {"maxConnections": 7, "maxBytesPerSecond": "1",
                      "windows": [{"length": "3600s", "maxBytes": "18446744073709551615"}]}
            assert rest.call("PUT", "/v1/origins/files/limits", wanted)["limits"] == wanted
            names = [rest.call("POST", *order(fleet, [("role", "demo")], f"r{n}"))["name"] for n in range(5)]
            assert rest.call("POST", *order(fleet, [("role", "demo")], "r2"))["name"] == names[2]
            shown = rest.call("GET", f"/v1/distributions/{names[0]}")
            assert shown["config"] == {"assistAfter": "1.500s", "maxAgentBytesPerSecond": "500000000"}, shown["config"]
            listed, token, pages = [], "", 0
            while True:
                page = rest.call("GET", f"/v1/distributions?page_size=2&pageToken={token}")
                assert len(page["distributions"]) <= 2
                listed += [one["name"] for one in page["distributions"]]
                pages += 1
                token = page.get("nextPageToken", "")
                if not token:
                    break
            assert sorted(listed) == sorted(names) and pages == 3, (listed, pages)
            cancelled = rest.call("POST", f"/v1/distributions/{names[0]}:cancel")
            assert cancelled["state"] == "DISTRIBUTION_STATE_CANCELLED", cancelled
            assert [node["name"] for node in rest.call("GET", "/v1/nodes?role=NODE_ROLE_AGENT")["nodes"]] == ["agent-1"]
            rest.failure("DELETE", "/v1/origins/files", 400, "FAILED_PRECONDITION")
            for name in names[1:]:
                rest.call("POST", f"/v1/distributions/{name}:cancel", {})
            assert rest.call("DELETE", "/v1/origins/files") == {}
            rest.failure("GET", "/v1/origins/files", 404, "NOT_FOUND")


def case_foreign_host_names(binary):
    """Plaintext answers under its addresses and --name alone: a page that made its own name lead here is refused."""
    import grpc

    for host, flag, good, bad in (("127.0.0.1", "--plaintext", ["127.0.0.1:1", "localhost", "[::1]:80", "sluice.example"], ["10.0.0.1"]),
                                  ("0.0.0.0", "--insecure-plaintext", ["127.0.0.1", "10.0.0.1:80", "sluice.example:443"], [])):
        with Fleet(binary, plaintext=True, host=host) as fleet:
            fleet.launch("control", ["control", "--data", f"{fleet.root}/control", "--listen", "LISTEN", "--name", "sluice.example"])
            fleet.listens["control"] = fleet.listens["control"].replace("0.0.0.0", "127.0.0.1")
            for options in (["--http1.1"], ["--http2-prior-knowledge"]):
                rest = Rest(fleet, *options)
                for name in good:
                    assert rest.raw("GET", "/v1/origins", "-H", f"host: {name}")[0] == 200, name
                for name in ("rebound.example", "127.0.0.1.rebound.example", *bad):
                    status, _, content = rest.raw("GET", "/v1/origins", "-H", f"host: {name}")
                    assert status == 403 and b"--name" in content, (name, status, content)
                    # A page of the name's own origin, which a browser lets read the answer.
                    status, fields, _ = rest.raw("POST", "/v1/origins", "-H", f"host: {name}", "-H", f"origin: http://{name}")
                    assert status == 403 and "access-control-allow-origin" not in fields, (status, fields)
            for authority, expected in ((None, "OK"), ("localhost", "OK"), ("rebound.example", "PERMISSION_DENIED")):
                more = [("grpc.default_authority", authority)] if authority else []
                with grpc.insecure_channel(fleet.listens["control"], options=more) as channel:
                    method = channel.unary_unary("/sluice.v1.OriginService/ListOrigins", lambda _: b"", bytes)
                    try:
                        method(None, timeout=10)
                        code = "OK"
                    except grpc.RpcError as error:
                        code = error.code().name
                    assert code == expected, (authority, code)


def case_refusals(binary):
    """What is wrong with a request is said in one sentence, with the HTTP status for it; nothing is guessed."""
    with Fleet(binary, plaintext=True) as fleet:
        fleet.start_control()
        rest = Rest(fleet)
        create_origin(rest, fleet)
        rest.failure("POST", "/v1/origins", 409, "ALREADY_EXISTS", {
            "name": "files", "baseUrls": ["https://files.example/"]})
        assert "colour" in rest.failure("POST", "/v1/origins", 400, "INVALID_ARGUMENT", {"name": "b", "colour": "red"})
        assert "colour" in rest.failure("GET", "/v1/origins?colour=red", 400, "INVALID_ARGUMENT")
        rest.failure("GET", "/v1/nodes?role=NODE_ROLE_KING", 400, "INVALID_ARGUMENT")
        rest.failure("GET", "/v1/origins?pageSize=-1", 400, "INVALID_ARGUMENT")
        rest.failure("GET", "/v1/nothing", 404, "NOT_FOUND")
        rest.failure("GET", "/v2/origins", 404, "NOT_FOUND")
        status, fields, _ = rest.raw("PATCH", "/v1/origins")
        assert status == 405 and set(fields["allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}, fields
        status, fields, _ = rest.raw("OPTIONS", "/v1/origins/files")
        assert status == 204 and set(fields["allow"].split(", ")) == {"GET", "HEAD", "DELETE", "OPTIONS"}, fields
        status, fields, content = rest.raw("HEAD", "/v1/origins/files")
        assert status == 200 and int(fields["content-length"]) > 50 and not content
        assert rest.raw("GET", "/v1/origins", "-H", "accept: text/html")[0] == 406
        assert rest.raw("POST", "/v1/origins", "-H", "content-type: text/xml", "-d", "<a/>")[0] == 415
        assert rest.raw("POST", "/v1/origins", body=b"{" + b" " * (5 << 20) + b"}")[0] == 413
        # A gzip bomb: five megabytes of blanks in five kilobytes.
        bomb = gzip.compress(b"{" + b" " * (5 << 20) + b"}")
        assert len(bomb) < 10_000 and rest.raw("POST", "/v1/origins", "-H", "content-encoding: gzip", body=bomb)[0] == 413
        packed = gzip.compress(json.dumps({"name": "packed", "baseUrls": ["https://packed.example/"]}).encode())
        assert rest.raw("POST", "/v1/origins", "-H", "content-encoding: gzip", body=packed)[0] == 200
        status, fields, content = rest.raw("GET", "/openapi.json", "-H", "accept-encoding: gzip")
        assert status == 200 and fields["content-encoding"] == "gzip"
        assert json.loads(gzip.decompress(content)) == json.loads((ROOT / "Protos/openapi.json").read_text())
        # Nothing given is not everything at its default.
        rest.failure("PUT", "/v1/origins/files/limits", 400, "INVALID_ARGUMENT")
        for kind in ("origins", "nodes", "distributions", "joinTokens", "apiTokens", "auditRecords"):
            assert "page token" in rest.failure("GET", f"/v1/{kind}?pageToken=mine", 400, "INVALID_ARGUMENT")


def case_watch(binary):
    """A watch is server-sent events when asked for, a JSON object a line otherwise; both end with the distribution."""
    with Fleet(binary, plaintext=True) as fleet:
        path = fleet.origin.make_file("build.img", 12)
        fleet.start(relays=1, agents=1)
        rest = Rest(fleet)
        create_origin(rest, fleet, rate=4_000_000)
        name = rest.call("POST", *order(fleet, [("role", "demo")]))["name"]
        url = f"/v1/distributions/{name}:watch"
        lines = subprocess.Popen(["curl", "-sSN", "--max-time", "90", "--http2-prior-knowledge", rest.base + url],
                                 stdout=subprocess.PIPE, text=True)
        status, fields, content = rest.raw("GET", url, "-N", "-H", "accept: text/event-stream")
        assert status == 200 and fields["content-type"] == "text/event-stream", fields
        events = [dict(line.split(": ", 1) for line in event.split("\n") if not line.startswith(":"))
                  for event in content.decode().strip().split("\n\n")]
        assert events[-1] == {"event": "end", "data": "{}"}, events[-1]
        document = rest.call("GET", "/openapi.json")
        described = document["paths"]["/v1/distributions/{name}:watch"]["get"]["responses"]["200"]["content"]
        for event in events:
            kind = described["text/event-stream"]["schema"]["oneOf"][0 if "event" not in event else 1]
            assert fits(document, kind, event) and fits(document, kind["properties"]["data"]["contentSchema"], json.loads(event["data"])), event
        states = [json.loads(event["data"])["state"] for event in events[:-1] if "data" in event]
        assert states[-1] == "DISTRIBUTION_STATE_COMPLETED" and len(states) > 1, states
        objects = [json.loads(line) for line in lines.stdout]
        assert lines.wait(90) == 0 and objects[-1]["name"] == name
        assert objects[-1]["state"] == "DISTRIBUTION_STATE_COMPLETED" and len(objects) > 1
        assert all(fits(document, described["application/jsonl"]["schema"], one) for one in objects)
        assert sha256_of(fleet.delivered(1, "build.img")) == sha256_of(path)
        torrent = rest.call("GET", f"/v1/distributions/{name}/torrent?version=TORRENT_VERSION_HYBRID")
        assert torrent["magnetLink"].startswith("magnet:?"), torrent
        rest.failure("GET", "/v1/distributions/none:watch", 404, "NOT_FOUND")


def case_access(binary):
    """Over TLS, a token decides: 401 without, 403 for what its role may not, on HTTP/1.1 and HTTP/2 and for a watch."""
    with Fleet(binary) as fleet:
        fleet.origin.make_file("build.img", 1)
        fleet.start(relays=1, agents=1)
        viewer = fleet.json("api-tokens", "create", "reader", "--role", "viewer")["token"]
        for version in ("--http1.1", "--http2"):
            trusting = [version, "--cacert", f"{fleet.root}/control/ca.crt"]
            nobody = Rest(fleet, *trusting)
            nobody.failure("GET", "/v1/origins", 401, "UNAUTHENTICATED")
            assert nobody.raw("GET", "/v1/origins")[1]["www-authenticate"] == "Bearer"
            Rest(fleet, *trusting, "-H", "authorization: Bearer wrong").failure("GET", "/v1/origins", 401, "UNAUTHENTICATED")
            assert nobody.raw("GET", "/openapi.json")[0] == 200
            reader = Rest(fleet, *trusting, "-H", f"authorization: Bearer {viewer}")
            assert "origins" not in reader.call("GET", "/v1/origins")
            reader.failure("POST", "/v1/origins", 403, "PERMISSION_DENIED", {"name": "a", "baseUrls": ["https://a.example/"]})
            admin = Rest(fleet, *trusting, "-H", f"authorization: Bearer {fleet.context()['token']}")
            create_origin(admin, fleet)
            name = admin.call("POST", *order(fleet, [("role", "demo")]))["name"]
            shown = reader.raw("GET", f"/v1/distributions/{name}:watch", "-N", "-H", "accept: text/event-stream")[2]
            assert b"DISTRIBUTION_STATE_COMPLETED" in shown and shown.endswith(b"event: end\ndata: {}\n\n"), shown
            nobody.failure("GET", f"/v1/distributions/{name}:watch", 401, "UNAUTHENTICATED")
            admin.call("DELETE", "/v1/origins/files")
        records = admin.call("GET", "/v1/auditRecords?pageSize=5")["auditRecords"]
        assert any("DeleteOrigin" in record["method"] for record in records), records


def schemathesis(fleet, checks):
    """Requests of the OpenAPI document, valid and not; the answers are held against it."""
    fleet.origin.make_file("build.img", 1)
    fleet.start(relays=1, agents=1)
    admin = [] if fleet.plaintext else ["--cacert", fleet.authority, "-H", fleet.bearer]
    rest = Rest(fleet, *admin)
    create_origin(rest, fleet)
    rest.call("POST", *order(fleet, [("role", "demo")]))
    # It compares names of headers by case.
    access = [] if fleet.plaintext else ["--tls-verify", fleet.authority, "-H", "A" + fleet.bearer[1:]]
    done = subprocess.run([
        sys.executable, "-m", "schemathesis.cli", "run", f"{rest.base}/openapi.json", "--max-examples", "20", "--seed", "1",
        "--generation-database", "none", "--request-timeout", "10", "--continue-on-failure", "--no-color",
        "--checks", ",".join(["not_a_server_error", "status_code_conformance", "content_type_conformance",
                              "response_headers_conformance", "response_schema_conformance", "unsupported_method",
                              "allow_header_conformance", *checks]),
        "--phases", "examples,coverage,fuzzing", *access,
        # A watch of a distribution that is under way lasts as long as that does; case_watch has it.
        "--exclude-path-regex", ":watch$",
    ], cwd=fleet.root, capture_output=True, text=True, timeout=300, env=dict(os.environ, SCHEMATHESIS_HOOKS="rejection",
                                                                            PYTHONPATH=str(Path(__file__).parent)))
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert fleet.processes["control"].running


def case_schemathesis(binary):
    """schemathesis makes valid and invalid requests of the OpenAPI document: no crash, no answer it does not allow."""
    with Fleet(binary, plaintext=True) as fleet:
        schemathesis(fleet, ["proto_rejection"])


def case_schemathesis_with_token(binary):
    """The same over TLS as an admin: what is invalid is refused, and nothing is done without the token or with a wrong one."""
    with Fleet(binary) as fleet:
        schemathesis(fleet, ["proto_rejection", "ignored_auth"])
