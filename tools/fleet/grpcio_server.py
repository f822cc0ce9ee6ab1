"""A grpcio server that answers health checks: the rival of the unary calls in tools/bench.

Usage: grpcio_server.py PORT
"""
import sys
from concurrent import futures

import grpc


def main(port):
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    check = grpc.unary_unary_rpc_method_handler(lambda request, context: b"\x08\x01")
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": check})]
    )
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    print("listening", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main(int(sys.argv[1]))
