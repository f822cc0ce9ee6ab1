"""A change to a proto and tools/generate are all it takes to have a method everywhere."""
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def checked(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300, **options)
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
}
""")


def typecheck(scratch, bin_path):
    """Compiles the copy's interface module, with the probe in it, as SwiftPM would, against the modules that are built."""
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
    for source in (scratch / "Sources/CSluiceProto").rglob("*.c"):
        checked("cc", "-fsyntax-only", "-Werror", f"-I{headers}", source)
    features = [word for name in ("InternalImportsByDefault", "MemberImportVisibility", "ExistentialAny")
                for word in ("-enable-upcoming-feature", name)]
    checked("swiftc", "-typecheck", "-parse-as-library", "-module-name", "SluiceAPI", "-package-name", ROOT.name.lower(),
            "-swift-version", "6", *features, "-strict-memory-safety", "-warnings-as-errors", "-I", bin_path / "Modules",
            "-module-cache-path", scratch / "modules",
            *[word for option in clang for word in ("-Xcc", option)],
            *sorted((scratch / "Sources/SluiceAPI").rglob("*.swift")), HERE / "probe.swift")


def case_a_method_is_all_it_takes(_):
    """A method more and a service more: messages, stubs, JSON, routes, OpenAPI and commands appear, and compile."""
    checked("swift", "build", "--product", "protoc-gen-sluice", cwd=ROOT)
    checked("swift", "build", "--target", "RPC", cwd=ROOT)
    bin_path = Path(checked("swift", "build", "--show-bin-path", cwd=ROOT).strip())
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

        paths = json.loads((scratch / "Protos/openapi.json").read_text())["paths"]
        found = {(path, method): operation for path, operations in paths.items() for method, operation in operations.items()}
        for path, method in (("/v1/origins/{name}:ping", "post"), ("/v1/tenants", "post"), ("/v1/tenants", "get"),
                             ("/v1/tenants/{name}:watch", "get"), ("/v1/tenants/{name}:promote", "post")):
            assert (path, method) in found, sorted(found)
        assert found["/v1/origins/{name}:ping", "post"]["summary"] == "Asks whether an origin answers."
        assert not any("audittenants" in path.lower() or path.startswith("/v1/tenants:") for path in paths), "a method that is not for users has a route"
        kinds = json.loads((scratch / "Protos/openapi.json").read_text())["components"]["schemas"]["Tenant"]["properties"]
        assert kinds["tags"]["additionalProperties"] == {"type": "string"}, kinds["tags"]
        assert kinds["balance"]["readOnly"] is True and kinds["quotaBytes"]["type"] == "string", kinds

        made = scratch / "Sources/SluiceAPI/Generated"
        commands = (made / "tenants.cli.swift").read_text() + (made / "origins.cli.swift").read_text()
        for text in ('verb: "ping"', 'verb: "promote"', '"tags", ["tenant", "tags"], .map',
                     '"quota-bytes", ["tenant", "quotaBytes"], .size', '"retention", ["tenant", "retention"], .duration',
                     'FlagChoice("paid-monthly", "TENANT_PLAN_PAID_MONTHLY", help: "By the month.")',
                     '"contacts", ["tenant", "contacts"], .string, isRepeated: true',
                     '"limits-max-orders", ["tenant", "limits", "maxOrders"], .integer',
                     '"certificate", ["tenant", "certificate"], .file', 'OneofMember(group: "identity", member: "email")',
                     'TableColumn("quotaBytes", .size)'):
            assert text in commands, f"{text} is missing in\n{commands}"
        assert '"balance"' not in commands.split("columns:")[0] and "audit" not in commands
        for suffix in ("messages", "client", "server", "json", "routes", "cli", "descriptor"):
            assert (made / f"tenants.{suffix}.swift").exists(), suffix
        typecheck(scratch, bin_path)


def case_two_methods_for_one_call(_):
    """Methods that would answer to the same HTTP call are refused, with a sentence, and nothing is written."""
    checked("swift", "build", "--product", "protoc-gen-sluice", cwd=ROOT)
    bin_path = Path(checked("swift", "build", "--show-bin-path", cwd=ROOT).strip())
    with tempfile.TemporaryDirectory() as folder:
        proto = Path(folder) / "things.proto"
        proto.write_text("""syntax = "proto3";
package sluice.v1;
service ThingService { rpc GetThing(GetThingRequest) returns (GetThingResponse); }
service OtherService { rpc GetThing(GetThingRequest) returns (GetThingResponse); }
message Thing { string name = 1; }
message GetThingRequest { string name = 1; }
message GetThingResponse { Thing thing = 1; }
""")
        out = Path(folder) / "out"
        out.mkdir()
        done = subprocess.run(["protoc", f"--plugin=protoc-gen-sluice={bin_path}/protoc-gen-sluice", f"--sluice_out={out}",
                               f"-I{folder}", "things.proto"], capture_output=True, text=True)
        assert done.returncode != 0 and "would both be GET /v1/things/{}" in done.stderr, done
        assert not list(out.iterdir())
