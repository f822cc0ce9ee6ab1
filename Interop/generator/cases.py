"""A change to a proto and tools/generate are all it takes to have a method in the stubs, the JSON and the command line."""
import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from fleet import Process

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def checked(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=600, **options)
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-5000:]}"
    return done.stdout


def add_method(proto):
    """Gives the origins a method more, as a developer would."""
    text = proto.read_text()
    text, count = re.subn(r"(service OriginService \{\n)", r"""\1  // Asks whether an origin answers.
  rpc PingOrigin(PingOriginRequest) returns (PingOriginResponse);
""", text)
    assert count == 1
    proto.write_text(text + """
message PingOriginRequest {
  // The origin's name.
  string name = 1;
  // How long to wait.
  google.protobuf.Duration patience = 2;
}

message PingOriginResponse {
  // The origin that answered.
  string name = 1;
  // How long it would have had.
  google.protobuf.Duration patience = 2;
}
""")


def plugin_folder():
    checked("swift", "build", "--product", "protoc-gen-sluice", cwd=ROOT)
    return Path(checked("swift", "build", "--show-bin-path", cwd=ROOT).strip())


def objects(bin_path):
    """What the modules below the interface, and all that they need of others, were built to."""
    own = {folder.name for folder in (ROOT / "Sources").iterdir()} | {folder.name for folder in (ROOT / "Tests").iterdir()}
    own |= {name.replace("-", "_") for name in own} | {"FuzzTargets", "CInteropProto"}
    wanted = own - {"Units", "Transport", "HTTP", "RPC", "CLinux"}
    for folder in sorted(bin_path.glob("*.build")):
        name = folder.stem
        if name in wanted or name.startswith("sluice") or name.endswith(("-tool", "Tests", "TestKit", "TestUtils")):
            continue
        yield from sorted(folder.rglob("*.o"))


def build_probe(scratch, bin_path):
    """Compiles the copy's interface module as SwiftPM would, with the probe in it, and links it with the modules that are built."""
    clang = []
    for folder in sorted(bin_path.glob("*.build")):
        if (folder / "module.modulemap").exists() and folder.name not in ("CSluiceProto.build", "CPluginProto.build"):
            clang += [f"-fmodule-map-file={folder}/module.modulemap"]
    for shim in sorted((ROOT / "Sources").glob("*/module.modulemap")):
        clang += [f"-fmodule-map-file={shim}"]
    for include in sorted((ROOT / ".build/checkouts").glob("*/Sources/*/include")):
        clang += ["-I", include]
        if (include / "module.modulemap").exists():
            clang += [f"-fmodule-map-file={include}/module.modulemap"]
    headers = scratch / "Sources/CSluiceProto/include"
    own = scratch / "CSluiceProto.modulemap"
    own.write_text(f'module CSluiceProto {{\n    umbrella "{headers}"\n    export *\n}}\n')
    clang += [f"-fmodule-map-file={own}", "-I", headers]
    for number, source in enumerate((scratch / "Sources/CSluiceProto").rglob("*.c")):
        checked("cc", "-c", "-Werror", f"-I{headers}", "-o", scratch / f"c{number}.o", source)
    features = [word for name in ("InternalImportsByDefault", "MemberImportVisibility", "ExistentialAny")
                for word in ("-enable-upcoming-feature", name)]
    probe = scratch / "probe"
    linked = scratch / "objects.list"
    linked.write_text("\n".join(f'"{path}"' for path in [*objects(bin_path), *scratch.glob("c*.o")]))
    checked("swiftc", "-Onone", "-parse-as-library", "-module-name", "SluiceAPI", "-package-name", ROOT.name.lower(),
            "-swift-version", "6", *features, "-strict-memory-safety", "-warnings-as-errors", "-I", bin_path / "Modules",
            "-module-cache-path", scratch / "modules", "-o", probe, f"@{linked}",
            "-lnghttp2", "-lssl", "-lcrypto", "-lz", "-lprotobuf-c",
            *[word for option in clang for word in ("-Xcc", option)],
            *sorted((scratch / "Sources/SluiceAPI").rglob("*.swift")), HERE / "probe.swift")
    return probe


class Calls:
    """The probe's command line, and curl, at one probe that serves."""

    def __init__(self, probe, address, scratch):
        self.probe, self.address, self.scratch = probe, address, scratch

    def run(self, *arguments, expect=0):
        done = subprocess.run([self.probe, *arguments], env=dict(os.environ, SLUICE_SERVER=self.address), capture_output=True,
                              text=True, timeout=60)
        assert done.returncode == expect, (done.stderr, done)
        return done.stderr if expect else done.stdout

    def json(self, *arguments):
        return json.loads(self.run(*arguments, "--output", "json"))

    def http(self, method, path, body=None, status=200):
        command = ["curl", "-sS", "--max-time", "30", "-X", method, "-w", "\n%{http_code}", f"http://{self.address}{path}"]
        if body is not None:
            command += ["-H", "content-type: application/json", "-d", json.dumps(body)]
        answer, _, code = checked(*command).rpartition("\n")
        assert int(code) == status, (method, path, code, answer)
        return json.loads(answer)


def expect_everything(calls):
    """A flag of every kind and a body with every field mean the same, and come back as they went in."""
    certificate = calls.scratch / "certificate"
    certificate.write_bytes(bytes(range(256)))
    flags = ["all", "--tags", "a=b=c", "--tags", "d=", "--quota-bytes", "64MiB", "--retention", "1m30s", "--plan", "paid-monthly",
             "--contacts", "x", "--contacts=y", "--limits-max-orders", "7", "--start-time", "2026-11-25T13:00:00+01:00",
             "--site-bytes", "berlin=1GiB", "--features", "fast=true", "--features", "loud=false",
             "--site-limits", 'berlin={"maxOrders": 3}', "--openings", "-4=2026-01-02T03:04:05.5Z",
             "--site-plans", "berlin=free", "--context-field", "mine", "--plaintext-field", "--class", "first", "--import", "one",
             "--import", "two", "--share", "0.1", "--json", "1-1", "--past-limits", '{"maxOrders": 1}', "--past-limits", "{}",
             "--one-two-three-four-max-orders", "4", "--certificate", str(certificate), "--description", "d", "--hash-value", "7",
             "--type", "t", "--self", "s", "--is", "--init", "i", "--protocol", "p", "--default", "e", "--full-name", "f", "--c", "c",
             "--members", "true", "--members=false", "--values", "1.5", "--values", "-2", "--shift", "-3", "--bits", str(2**64 - 1),
             "--parts", str(certificate), "--encoded", str(certificate), "--pauses", "1s", "--pauses", "2m", "--plans", "free", "--with-max-orders", "9",
             "--home-city", "Bern", "--home-kind", "rented", "--home-owner-name", "o", "--homes", '{"city": "Rom"}', "--homes", "{}",
             "--homes-by-year", '2020={"kind": "KIND_RENTED"}', "--homes-by-year", "2021={}"]
    body = {
        "name": "all", "tags": {"a": "b=c", "d": ""}, "quotaBytes": str(64 << 20), "retention": "90s",
        "plan": "TENANT_PLAN_PAID_MONTHLY", "contacts": ["x", "y"], "limits": {"maxOrders": 7}, "balance": "1",
        "startTime": "2026-11-25T12:00:00Z", "siteBytes": {"berlin": str(1 << 30)}, "features": {"fast": True, "loud": False},
        "siteLimits": {"berlin": {"maxOrders": 3}}, "openings": {"-4": "2026-01-02T03:04:05.500Z"},
        "sitePlans": {"berlin": "TENANT_PLAN_FREE"}, "context": "mine", "plaintext": True, "class": "first",
        "import": ["one", "two"], "share": 0.1, "json": "TENANT_FORMAT_1_1", "pastLimits": [{"maxOrders": 1}, {}],
        "one": {"two": {"three": {"four": {"maxOrders": 4}}}}, "description": "d", "hashValue": "7", "type": "t", "self": "s",
        "is": True, "init": "i", "protocol": "p", "default": "e", "fullName": "f", "c": "c", "members": [True, False],
        "values": [1.5, -2], "shift": -3, "bits": str(2**64 - 1), "pauses": ["1s", "120s"], "plans": ["TENANT_PLAN_FREE"],
        "with": {"maxOrders": 9}, "home": {"city": "Bern", "kind": "KIND_RENTED", "owner": {"name": "o"}},
        "homes": [{"city": "Rom"}, {}], "homesByYear": {"2020": {"kind": "KIND_RENTED"}, "2021": {}},
    }
    bytes_of_file = base64.b64encode(certificate.read_bytes()).decode()
    body |= {"parts": [bytes_of_file], "encoded": bytes_of_file, "certificate": bytes_of_file}
    made = calls.json("tenants", "create", *flags)["tenant"]
    assert made == body, {key: (made.get(key), body.get(key)) for key in made.keys() | body.keys() if made.get(key) != body.get(key)}
    given = {key: value for key, value in body.items() if key != "balance"}
    assert calls.http("POST", "/v1/tenants", given) == body
    assert calls.http("GET", "/v1/tenants/all") == body
    assert calls.json("tenants", "get", "all")["tenant"] == body
    # A file holds all of it, and a flag takes the place of the other member of a choice.
    path = calls.scratch / "tenant.json"
    path.write_text(json.dumps(given))
    for flag, key, value in (("--email=a@b.example", "email", "a@b.example"), ("--nobody", "nobody", {})):
        changed = calls.json("tenants", "create", "--from-file", str(path), flag)["tenant"]
        assert changed == {**{key: value for key, value in body.items() if key != "certificate"}, key: value}, changed
    for flag, key, value in (("--in", "in", True), ("--for=free", "for", "TENANT_PLAN_FREE"), ("--rest=-5", "rest", "-5"),
                             ("--until=2026-11-25T12:00:00Z", "until", "2026-11-25T12:00:00Z")):
        changed = calls.json("tenants", "create", "--from-file", str(path), flag)["tenant"]
        assert key not in body and "with" not in changed and changed[key] == value, changed
        sent = calls.http("POST", "/v1/tenants", {"name": "one", key: value})
        assert sent == {"name": "one", "balance": "1", key: value}, sent
    moved = calls.json("tenants", "create", "late", "--not-before", "2026-11-25T12:00:00Z")["tenant"]
    assert moved["startTime"] == "2026-11-25T12:00:00Z", moved


def expect_calls(calls):
    """Every kind of method by command and by route."""
    calls.json("tenants", "create", "unlucky", "--plan", "free")
    assert [one["name"] for one in calls.json("tenants", "list", "--plan", "free")["tenants"]] == ["unlucky"]
    assert [one["name"] for one in calls.http("GET", "/v1/tenants?plan=TENANT_PLAN_FREE")["tenants"]] == ["unlucky"]
    assert [one["name"] for one in calls.http("GET", "/v1/tenants?like.two.three.four.maxOrders=7")["tenants"]] == ["all"]
    assert [one["name"] for one in calls.json("tenants", "list", "--like-two-three-four-max-orders", "7")["tenants"]] == ["all"]
    assert "all" in calls.run("tenants", "list") and "64.0 MiB" in calls.run("tenants", "list", "--columns", "name,quota-bytes")
    assert calls.json("tenants", "promote", "unlucky", "--plan=paid-monthly")["tenant"]["plan"] == "TENANT_PLAN_PAID_MONTHLY"
    assert calls.http("POST", "/v1/tenants/unlucky:promote", {"plan": "TENANT_PLAN_FREE"})["plan"] == "TENANT_PLAN_FREE"
    assert "state: TENANT_STATE_DONE" in calls.run("tenants", "get", "all", "--watch")
    for watch in (("get", "unlucky", "--watch"), ("watch", "unlucky")):
        assert "no room" in calls.run("tenants", *watch, expect=1)
    events = checked("curl", "-sSN", "-H", "accept: text/event-stream", f"http://{calls.address}/v1/tenants/unlucky:watch")
    assert "TENANT_STATE_FAILED" in events and events.endswith("event: end\ndata: {}\n\n"), events
    assert calls.json("origins", "ping", "files", "--patience", "2m") == {"name": "files", "patience": "120s"}
    assert calls.http("POST", "/v1/origins/files:ping", {"patience": "120s"}) == {"name": "files", "patience": "120s"}
    assert calls.json("api-keys", "get", "k") == {"key": {"name": "k"}} and calls.http("GET", "/v1/apiKeys/k") == {"name": "k"}
    # What is wrong is said of the flag; what is not for users is not there.
    for arguments, said in ((("tenants", "create", "--features", "fast=perhaps"), "--features is true or false"),
                            (("tenants", "create", "--start-time", "yesterday"), "--start-time is a time"),
                            (("tenants", "create", "--site-plans", "berlin=all"), "--site-plans is one of free, paid-monthly"),
                            (("tenants", "create", "--email", "a", "--nobody"), "--email and --nobody exclude each other"),
                            (("tenants", "audit"), "tenants has no audit")):
        assert said in calls.run(*arguments, expect=64), (arguments, said)
    assert "no tenant" in calls.run("tenants", "get", "nobody", expect=1)
    calls.http("GET", "/v1/tenants/nobody", status=404)


def case_a_method_is_all_it_takes(_):
    """A method more and a service more, with fields of every kind: their commands, routes and stubs are called for real."""
    bin_path = plugin_folder()
    checked("swift", "build", "--target", "RPC", cwd=ROOT)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for kept in ("Protos", "Sources/SluiceAPI", "tools/generate"):
            (scratch / kept).parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (ROOT / kept).is_dir() else shutil.copy2
            copy(ROOT / kept, scratch / kept)
        shutil.copy2(HERE / "tenants.proto", scratch / "Protos/sluice/v1/tenants.proto")
        add_method(scratch / "Protos/sluice/v1/origins.proto")
        environment = dict(os.environ, SLUICE_GENERATOR=str(bin_path / "protoc-gen-sluice"))
        stale = subprocess.run([scratch / "tools/generate", "--check"], env=environment, capture_output=True, text=True)
        assert stale.returncode == 1 and "stale" in stale.stderr, stale
        checked(scratch / "tools/generate", env=environment)
        checked(scratch / "tools/generate", "--check", env=environment)

        document = json.loads((scratch / "Protos/openapi.json").read_text())
        paths = document["paths"]
        found = {(path, method): operation for path, operations in paths.items() for method, operation in operations.items()}
        for path, method in (("/v1/origins/{name}:ping", "post"), ("/v1/tenants", "post"), ("/v1/tenants", "get"),
                             ("/v1/tenants/{name}:watch", "get"), ("/v1/tenants/{name}:promote", "post")):
            assert (path, method) in found, sorted(found)
        assert found["/v1/origins/{name}:ping", "post"]["summary"] == "Asks whether an origin answers."
        assert not any("audittenants" in path.lower() or path.startswith("/v1/tenants:") for path in paths), "a method that is not for users has a route"
        kinds = document["components"]["schemas"]["Tenant"]["properties"]
        assert kinds["tags"]["additionalProperties"] == {"type": "string"}, kinds["tags"]
        assert kinds["siteLimits"]["additionalProperties"] == {"$ref": "#/components/schemas/TenantLimits"}, kinds["siteLimits"]
        assert kinds["balance"]["readOnly"] is True and kinds["quotaBytes"]["type"] == "string", kinds
        events = found["/v1/tenants/{name}:watch", "get"]["responses"]["200"]["content"]["text/event-stream"]["schema"]["oneOf"]
        assert events[0]["properties"]["data"]["contentSchema"]["$ref"] == "#/components/schemas/Tenant", events

        made = scratch / "Sources/SluiceAPI/Generated"
        commands = (made / "tenants.cli.swift").read_text() + (made / "origins.cli.swift").read_text()
        assert '"balance"' not in commands.split("columns:")[0] and "audit" not in commands
        for suffix in ("messages", "client", "server", "json", "routes", "cli", "descriptor"):
            assert (made / f"tenants.{suffix}.swift").exists(), suffix
        probe = build_probe(scratch, bin_path)
        process = Process([probe, "serve"], "probe", f"{scratch}/probe.log")
        try:
            address = process.await_line(r"listening on ([0-9.]+:\d+)").group(1)
            calls = Calls(probe, address, scratch)
            expect_everything(calls)
            expect_calls(calls)
        finally:
            process.stop()


HEAD = """syntax = "proto3";
package sluice.v1;
import "google/protobuf/struct.proto";
"""
REFUSED = {
    "would both be GET /v1/things/{}": """
service ThingService { rpc GetThing(GetThingRequest) returns (GetThingResponse); }
service OtherService { rpc GetThing(GetThingRequest) returns (GetThingResponse); }
message Thing { string name = 1; }
message GetThingRequest { string name = 1; }
message GetThingResponse { Thing thing = 1; }
""",
    "ThingService.CreateThing: thing.plan and plan would both be the flag --plan": """
service ThingService { rpc CreateThing(CreateThingRequest) returns (Thing); }
message Thing { string name = 1; string plan = 2; }
message CreateThingRequest { Thing thing = 1; string plan = 2; }
""",
    "thing.output and thing.output_field would both be the flag --output-field": """
service ThingService { rpc CreateThing(CreateThingRequest) returns (Thing); }
message Thing { string name = 1; string output = 2; string output_field = 3; }
message CreateThingRequest { Thing thing = 1; }
""",
    "limits.max and limits_max would both be the flag --limits-max": """
service ThingService { rpc MoveThing(MoveThingRequest) returns (MoveThingRequest); }
message Limits { uint32 max = 1; }
message MoveThingRequest { string name = 1; Limits limits = 2; uint32 limits_max = 3; }
""",
    "ThingService.ListThings: labels holds messages, which the query of GET /v1/things cannot": """
service ThingService { rpc ListThings(ListThingsRequest) returns (ListThingsResponse); }
message Thing { string name = 1; }
message Label { string key = 1; string value = 2; }
message ListThingsRequest { repeated Label labels = 1; }
message ListThingsResponse { repeated Thing things = 1; }
""",
    "ThingService.DeleteThing takes or gives a google.protobuf.Empty": """
import "google/protobuf/empty.proto";
service ThingService { rpc DeleteThing(DeleteThingRequest) returns (google.protobuf.Empty); }
message DeleteThingRequest { string name = 1; }
""",
    "ThingService.FillThing takes a stream": """
service ThingService { rpc FillThing(stream FillThingRequest) returns (FillThingResponse); }
message FillThingRequest { string name = 1; }
message FillThingResponse { string name = 1; }
""",
    "sluice.v1.Thing.Part and sluice.v1.ThingPart would both be ThingPart": """
message Thing { message Part { string name = 1; } Part part = 1; }
message ThingPart { string name = 1; }
""",
    "the oneof period has the name of a field's type": """
message Thing { oneof period { Period fixed = 1; string free = 2; } }
message Period { string name = 1; }
""",
    "sluice.v1.Node holds itself": """
message Node { string name = 1; repeated Edge edges = 2; }
message Edge { Node to = 1; }
""",
    "sluice.v1.Thing.anything is a google.protobuf.Struct": """
message Thing { google.protobuf.Struct anything = 1; }
""",
    "sluice.v1.Thing.base": """
message Thing { string base = 1; }
""",
}


def case_what_cannot_be_made_is_refused(_):
    """Methods for one call, fields for one flag, and what a way in would leave out: a sentence, and nothing is written."""
    bin_path = plugin_folder()
    for sentence, text in REFUSED.items():
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "things.proto").write_text(HEAD + text)
            out = Path(folder) / "out"
            out.mkdir()
            done = subprocess.run(["protoc", f"--plugin=protoc-gen-sluice={bin_path}/protoc-gen-sluice", f"--sluice_out={out}",
                                   f"-I{folder}", "-I/usr/include", "things.proto"], capture_output=True, text=True)
            assert done.returncode != 0 and sentence in done.stderr, (sentence, done)
            assert not list(out.iterdir())
