#!/usr/bin/env python3
"""Pushes a file and follows it to its end, or lists what was pushed, with nothing but Sluice's protos, grpcio and grpcio-tools.

Usage: client.py HOST:PORT URL LABEL=VALUE…
       client.py HOST:PORT list

The URL has to be at a registered origin. SLUICE_CA names the file of control's authority, SLUICE_TOKEN is a token of an
operator; without them control is called in plaintext. Exit code 0 when every target has the file.
"""
import os
import sys
from pathlib import Path

import grpc

sys.path.append(str(Path(__file__).resolve().parents[2] / "Protos"))
messages, services = grpc.protos_and_services("sluice/v1/distributions.proto")


def connect(server):
    authority, token = os.environ.get("SLUICE_CA"), os.environ.get("SLUICE_TOKEN", "")
    if not authority:
        return grpc.insecure_channel(server)
    return grpc.secure_channel(server, grpc.composite_channel_credentials(
        grpc.ssl_channel_credentials(Path(authority).read_bytes()), grpc.access_token_call_credentials(token)))


def state_of(distribution):
    return messages.DistributionState.Name(distribution.state).removeprefix("DISTRIBUTION_STATE_").lower()


def list_all(server):
    with connect(server) as channel:
        request = messages.ListDistributionsRequest(page_size=100)
        while True:
            page = services.DistributionServiceStub(channel).ListDistributions(request, timeout=30)
            for one in page.distributions:
                print(one.name, state_of(one), one.source_url)
            request.page_token = page.next_page_token
            if not request.page_token:
                return True


def push(server, url, labels):
    with connect(server) as channel:
        distributions = services.DistributionServiceStub(channel)
        order = messages.Distribution(source_url=url)
        for label in labels:
            key, _, value = label.partition("=")
            order.target_labels.add(key=key, value=value)
        created = distributions.CreateDistribution(
            messages.CreateDistributionRequest(distribution=order), timeout=30).distribution
        print(created.name)
        watch = messages.WatchDistributionRequest(name=created.name)
        for answer in distributions.WatchDistribution(watch):
            now = answer.distribution
            print(f"{state_of(now)}: {now.progress.completed_count} of {now.progress.target_count} targets,"
                  f" {now.progress.verified_bytes} bytes", flush=True)
        return now.state == messages.DISTRIBUTION_STATE_COMPLETED


if __name__ == "__main__":
    lists = sys.argv[2:] == ["list"]
    if len(sys.argv) < 4 and not lists or {"-h", "--help"} & set(sys.argv):
        sys.exit(__doc__)
    try:
        sys.exit(0 if (list_all(sys.argv[1]) if lists else push(*sys.argv[1:3], sys.argv[3:])) else 1)
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")
