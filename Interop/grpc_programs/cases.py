"""Other people's gRPC programs, straight and through proxies: each creates, lists and watches a distribution."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROTOS = HERE.parents[1] / "Protos"
BIN = Path(sys.executable).parent
sys.path.insert(0, str(HERE))

from fleet import Fleet, sha256_of
from proxies import envoy, nginx


def run(command, given=None, environment=None):
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == 0, f"{Path(command[0]).name} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[:300]}"
    return done.stdout


def objects(text):
    """JSON objects one behind the other."""
    decoder, found = json.JSONDecoder(), []
    while text := text.strip():
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:]
    return found


class Access:
    """How a program reaches control: where, the file of its authority where it speaks TLS, the user's token."""

    def __init__(self, address, authority=None, token=None):
        self.address, self.authority, self.token = address, authority, token

    @property
    def headers(self):
        return [f"authorization: Bearer {self.token}"] if self.token else []


def access(fleet):
    """As an admin of this fleet has it: TLS and a token, unless the fleet is plaintext."""
    if getattr(fleet, "plaintext", True):
        return Access(fleet.listens["control"])
    context, path = fleet.context(), f"{fleet.root}/authority.pem"
    Path(path).write_text(context["certificateAuthority"])
    return Access(fleet.listens["control"], path, context["token"])


def grpcurl(door):
    """grpcurl (grpc-go), which finds the methods by reflection."""
    options = ["-cacert", door.authority] if door.authority else ["-plaintext"]
    for header in door.headers:
        options += ["-H", header]
    return lambda method, given: objects(
        run([str(BIN / "grpcurl"), *options, "-d", json.dumps(given), door.address, method]))


def buf(door, protocol, *options):
    """`buf curl` (connect-go)."""
    options = list(options)
    if door.authority:
        options += ["--cacert", door.authority]
    elif protocol == "grpc":
        options.append("--http2-prior-knowledge")
    for header in door.headers:
        options += ["-H", header, *(["--reflect-header", header] if "--schema" not in options else [])]
    scheme = "https" if door.authority else "http"

    def call(method, given):
        environment = dict(os.environ, BUF_CACHE_DIR=tempfile.gettempdir() + "/sluice-buf-cache")
        return objects(run([str(BIN / "buf"), "curl", "--protocol", protocol, *options, "-d", json.dumps(given),
                            f"{scheme}://{door.address}/{method}"], environment=environment))
    return call


def prepared(fleet):
    path = fleet.origin.make_file("build.img", 4)
    fleet.start(relays=1, agents=1)
    return path


def create_list_watch(fleet, call):
    """The job through `call(method, request)`, which gives the responses."""
    url = fleet.origin.base_url
    call("sluice.v1.OriginService/CreateOrigin",
         {"origin": {"name": "files", "baseUrls": [url], "allowPrivateAddresses": True}})
    created, = call("sluice.v1.DistributionService/CreateDistribution", {"distribution": {
        "sourceUrl": url + "build.img", "targetLabels": [{"key": "role", "value": "demo"}]}})
    name = created["distribution"]["name"]
    listed, = call("sluice.v1.DistributionService/ListDistributions", {})
    assert [one["name"] for one in listed["distributions"]] == [name], listed
    watched = call("sluice.v1.DistributionService/WatchDistribution", {"name": name})
    assert watched[-1]["distribution"]["state"] == "DISTRIBUTION_STATE_COMPLETED", watched[-1]
    assert sha256_of(fleet.delivered(1, "build.img")) == sha256_of(fleet.file)


def direct(binary, client):
    with Fleet(binary) as fleet:
        fleet.file = prepared(fleet)
        create_list_watch(fleet, client(access(fleet)))


def behind(binary, proxy, client):
    with Fleet(binary) as fleet:
        fleet.file = prepared(fleet)
        door = access(fleet)
        with proxy(fleet.root, door) as address:
            create_list_watch(fleet, client(Access(address, token=door.token)))


def case_grpcurl(binary):
    """grpcurl creates, lists and watches, by reflection."""
    direct(binary, grpcurl)


def case_buf_curl(binary):
    """buf curl creates, lists and watches over gRPC, by reflection."""
    direct(binary, lambda door: buf(door, "grpc"))


def case_grpclib(binary):
    """grpclib (asyncio, python's h2) creates, lists and watches, with stubs made from the protos."""
    import grpc_tools
    from grpc_tools import protoc

    with tempfile.TemporaryDirectory() as folder, Fleet(binary) as fleet:
        include = str(Path(grpc_tools.__file__).parent / "_proto")
        assert protoc.main(["protoc", f"-I{PROTOS}", f"-I{include}", f"--python_out={folder}",
                            f"--plugin=protoc-gen-grpclib_python={BIN}/protoc-gen-grpclib_python",
                            f"--grpclib_python_out={folder}", *map(str, PROTOS.glob("sluice/v1/*.proto"))]) == 0
        path = prepared(fleet)
        door = access(fleet)
        run([sys.executable, "-B", str(HERE / "grpclib_client.py"), door.address],
            json.dumps({"base_url": fleet.origin.base_url, "authority": door.authority, "token": door.token}),
            dict(os.environ, PYTHONPATH=folder))
        assert sha256_of(fleet.delivered(1, "build.img")) == sha256_of(path)


def grpcio(door):
    """grpcio (gRPC's own C core), with stubs made from the protos at run time."""
    import grpc
    from google.protobuf import json_format, message_factory

    if str(PROTOS) not in sys.path:
        sys.path.append(str(PROTOS))

    def call(method, given):
        service, _, name = method.partition("/")
        file = {"OriginService": "origins", "DistributionService": "distributions"}[service.rpartition(".")[2]]
        described = grpc.protos(f"sluice/v1/{file}.proto").DESCRIPTOR.services_by_name[service.rpartition(".")[2]].methods_by_name[name]
        classes = [message_factory.GetMessageClass(one) for one in (described.input_type, described.output_type)]
        authority = Path(door.authority).read_bytes()
        credentials = grpc.composite_channel_credentials(grpc.ssl_channel_credentials(authority),
                                                         grpc.access_token_call_credentials(door.token))
        with grpc.secure_channel(door.address, credentials) as channel:
            make = channel.unary_stream if described.server_streaming else channel.unary_unary
            stub = make(f"/{method}", classes[0].SerializeToString, classes[1].FromString)
            answer = stub(json_format.ParseDict(given, classes[0]()), timeout=120)
            answers = list(answer) if described.server_streaming else [answer]
            return [json_format.MessageToDict(one) for one in answers]
    return call


def case_grpcio(binary):
    """grpcio creates, lists and watches, with messages made from the protos at run time."""
    direct(binary, grpcio)


def case_envoy_grpc(binary):
    """grpcurl through Envoy."""
    behind(binary, envoy, grpcurl)


def case_envoy_grpc_web(binary):
    """buf curl over gRPC-Web, which Envoy translates."""
    behind(binary, envoy, lambda door: buf(door, "grpcweb", "--schema", str(PROTOS)))


def case_envoy_connect(binary):
    """buf curl over Connect, which Envoy translates."""
    behind(binary, envoy, lambda door: buf(door, "connect", "--schema", str(PROTOS)))


def case_nginx_grpc_pass(binary):
    """grpcurl through nginx's grpc_pass."""
    behind(binary, nginx, grpcurl)
