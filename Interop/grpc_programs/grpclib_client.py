"""Creates, lists and watches with grpclib: python grpclib_client.py HOST:PORT, a request on standard input."""
import asyncio
import json
import ssl
import sys

from grpclib.client import Channel
from sluice.v1 import distributions_grpc, distributions_pb2, origins_grpc, origins_pb2


async def main(address):
    order = json.load(sys.stdin)
    host, port = address.split(":")
    tls = None
    if order["authority"]:
        tls = ssl.create_default_context(cafile=order["authority"])
        tls.set_alpn_protocols(["h2"])
    metadata = {"authorization": "Bearer " + order["token"]} if order["token"] else None
    channel = Channel(host, int(port), ssl=tls)
    try:
        origins = origins_grpc.OriginServiceStub(channel)
        await origins.CreateOrigin(origins_pb2.CreateOriginRequest(origin=origins_pb2.Origin(
            name="files", base_urls=[order["base_url"]], allow_private_addresses=True)), timeout=10, metadata=metadata)
        service = distributions_grpc.DistributionServiceStub(channel)
        created = await service.CreateDistribution(distributions_pb2.CreateDistributionRequest(
            distribution=distributions_pb2.Distribution(
                source_url=order["base_url"] + "build.img",
                target_labels=[distributions_pb2.Label(key="role", value="demo")])), timeout=10, metadata=metadata)
        name = created.distribution.name
        listed = await service.ListDistributions(distributions_pb2.ListDistributionsRequest(), timeout=10, metadata=metadata)
        assert [d.name for d in listed.distributions] == [name], listed
        state = None
        async with service.WatchDistribution.open(timeout=120, metadata=metadata) as stream:
            await stream.send_message(distributions_pb2.WatchDistributionRequest(name=name), end=True)
            async for answer in stream:
                state = answer.distribution.state
        assert state == distributions_pb2.DISTRIBUTION_STATE_COMPLETED, state
    finally:
        channel.close()


asyncio.run(main(sys.argv[1]))
