#!/usr/bin/env python3
"""Pushes a file and follows it to its end, with nothing but Sluice's protos, grpcio and grpcio-tools.

Usage: client.py HOST:PORT URL LABEL=VALUE…

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
            state = messages.DistributionState.Name(now.state).removeprefix("DISTRIBUTION_STATE_").lower()
            print(f"{state}: {now.progress.completed_count} of {now.progress.target_count} targets,"
                  f" {now.progress.verified_bytes} bytes", flush=True)
        return now.state == messages.DISTRIBUTION_STATE_COMPLETED


if __name__ == "__main__":
    if len(sys.argv) < 4 or {"-h", "--help"} & set(sys.argv):
        sys.exit(__doc__)
    try:
        sys.exit(0 if push(*sys.argv[1:3], sys.argv[3:]) else 1)
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")
