"""A stock Python gRPC client, made from our protos, uses control."""
import importlib
import sys
import tempfile
from pathlib import Path

from fleet import Fleet, sha256_of

PROTOS = Path(__file__).resolve().parents[2] / "Protos"


def generated(folder):
    """Makes the Python client with grpcio-tools, as a user would."""
    from grpc_tools import protoc

    files = [str(path) for path in PROTOS.glob("sluice/v1/*.proto")]
    import grpc_tools

    include = str(Path(grpc_tools.__file__).parent / "_proto")
    assert protoc.main(["protoc", f"-I{PROTOS}", f"-I{include}", f"--python_out={folder}", f"--grpc_python_out={folder}",
                        *files]) == 0
    sys.path.insert(0, folder)
    return [importlib.import_module(f"sluice.v1.{name}") for name in
            ("distributions_pb2", "distributions_pb2_grpc", "origins_pb2", "origins_pb2_grpc")]


def case_create_and_watch(binary):
    """grpcio registers an origin, creates a distribution, watches it to its end, and gets clear errors."""
    import grpc

    with tempfile.TemporaryDirectory() as folder, Fleet(binary) as fleet:
        messages, services, origin_messages, origin_services = generated(folder)
        path = fleet.origin.make_file("build.img", 8)
        fleet.start(relays=1, agents=2)
        with fleet.channel() as channel:
            origins = origin_services.OriginServiceStub(channel)
            origins.CreateOrigin(origin_messages.CreateOriginRequest(origin=origin_messages.Origin(
                name="files", base_urls=[fleet.origin.base_url], allow_private_addresses=True)), timeout=10)
            distributions = services.DistributionServiceStub(channel)
            try:
                distributions.GetDistribution(messages.GetDistributionRequest(name="none"), timeout=10)
                raise AssertionError("a distribution that does not exist was shown")
            except grpc.RpcError as error:
                assert error.code() == grpc.StatusCode.NOT_FOUND, error.code()
                assert "none" in error.details()
            created = distributions.CreateDistribution(messages.CreateDistributionRequest(
                distribution=messages.Distribution(
                    source_url=fleet.origin.base_url + "build.img",
                    target_labels=[messages.Label(key="role", value="demo")]),
                request_id="once"), timeout=10).distribution
            again = distributions.CreateDistribution(messages.CreateDistributionRequest(
                distribution=messages.Distribution(
                    source_url=fleet.origin.base_url + "build.img",
                    target_labels=[messages.Label(key="role", value="demo")]),
                request_id="once"), timeout=10).distribution
            assert again.name == created.name
            states = [answer.distribution.state for answer in distributions.WatchDistribution(
                messages.WatchDistributionRequest(name=created.name), timeout=120)]
            assert states[-1] == messages.DISTRIBUTION_STATE_COMPLETED, states
            for agent in (1, 2):
                assert sha256_of(fleet.delivered(agent, "build.img")) == sha256_of(path)
