"""gRPC's official interop cases (doc/interop-test-descriptions.md and http2-interop-test-descriptions.md), both ways.

One row for each direction and case: `ours_RUBY_case` is our server, `client_to_PEER_case` our client.
"""
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from fleet import Process, free_port, wait_until
from interop_peer import InteropPeer, official_python, run_client
from odd_server import OddServer
from raw_http2 import END_HEADERS, END_STREAM, DATA, Connection, call, frame, message

RUBY = "/usr/lib/x86_64-linux-gnu/rubygems-integration/3.1.0/gems/grpc-1.51.1/src/ruby/pb/test"
BASIC = (
    "empty_unary", "large_unary", "client_streaming", "server_streaming", "ping_pong", "empty_stream", "custom_metadata",
    "status_code_and_message", "unimplemented_method", "unimplemented_service", "cancel_after_begin",
    "cancel_after_first_response", "timeout_on_sleeping_server",
)
CLIENT_COMPRESSED = ("client_compressed_unary", "client_compressed_streaming")
SERVER_COMPRESSED = ("server_compressed_unary", "server_compressed_streaming")
NEGATIVE = (
    "goaway", "rst_after_header", "rst_during_data", "rst_after_data", "ping", "max_streams", "data_frame_padding",
    "no_df_padding_sanity_test",
)
# Not gRPC's, but legal, or common.
ODD = ("interim_responses", "outer_spaces")


def case(name, what):
    """Makes a function a case of this suite, with a row of its own."""
    def enter(function):
        function.__doc__ = what
        globals()[f"case_{name}"] = function
        return function
    return enter


@contextmanager
def ruby_server():
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        starter = str(Path(__file__).resolve().parent / "loopback_server.rb")
        process = Process(["ruby", starter, f"{RUBY}/server.rb", "--port", str(port)], "ruby server", f"{folder}/log")
        try:
            def answers():
                with tempfile.TemporaryFile() as nothing:
                    return subprocess.run(["bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{port}"], stderr=nothing).returncode == 0
            wait_until(answers, 20, "the Ruby server")
            yield f"127.0.0.1:{port}"
        finally:
            process.stop()


def server_for_ruby(name):
    @case(f"server_ruby_{name}", f"our server, ruby-grpc's official client: {name}")
    def run(binary):
        with InteropPeer(binary) as peer:
            host, port = peer.address.split(":")
            done = subprocess.run(["ruby", f"{RUBY}/client.rb", f"--server_host={host}", f"--server_port={port}",
                                   f"--test_case={name}"], capture_output=True, text=True, timeout=60)
            assert done.returncode == 0 and f"OK: {name}" in done.stdout, (done.stderr or done.stdout).strip()[:300]


def server_for_grpcio(name):
    @case(f"server_grpcio_{name}", f"our server, a grpcio client: {name}")
    def run(binary):
        from python_peers import run_grpcio_client
        with InteropPeer(binary) as peer:
            run_grpcio_client(name, peer.address)


def client_to(kind, name):
    @case(f"client_{kind}_{name}", f"our client, a server made with {kind}: {name}")
    def run(binary):
        from python_peers import grpcio_server
        with {"ruby": ruby_server, "grpcio": grpcio_server, "h2": lambda: OddServer(name),
              "sluice": lambda: InteropPeer(binary)}[kind]() as server:
            run_client(binary, name, server if isinstance(server, str) else server.address)


def flags_on_the_wire(name, method, request, expected):
    @case(f"server_wire_{name}", f"our server, frames read by hand: the flag of each message is as {name} asks")
    def run(binary):
        messages, _, _ = official_python()
        with InteropPeer(binary) as peer, Connection(peer.address) as connection:
            connection.headers(1, call(method, ("grpc-accept-encoding", "identity,gzip")), END_HEADERS)
            connection.send(frame(DATA, END_STREAM, 1, message(request(messages).SerializeToString())))
            answers, head, trailers = connection.messages(1)
            assert trailers["grpc-status"] == "0", trailers
            assert not any(flag for flag, _ in answers) or head["grpc-encoding"] == "gzip", head
            assert [flag for flag, _ in answers] == [flag for flag, _ in expected], answers
            assert all(size < len(answer[1]) < size + 20 for answer, (_, size) in zip(answers, expected))
            # A client that takes no gzip gets none (compression.md).
            connection.headers(3, call(method), END_HEADERS)
            connection.send(frame(DATA, END_STREAM, 3, message(request(messages).SerializeToString())))
            answers, _, trailers = connection.messages(3)
            assert trailers["grpc-status"] == "0" and not any(flag for flag, _ in answers)


for ruby_case in BASIC + CLIENT_COMPRESSED:
    server_for_ruby(ruby_case)
for python_case in (*BASIC, "client_compressed_unary", *SERVER_COMPRESSED, "special_status_message",
                    "concurrent_large_unary", "soak"):
    server_for_grpcio(python_case)
for ruby_case in BASIC + ("special_status_message",):
    client_to("ruby", ruby_case)
for python_case in (*BASIC, *SERVER_COMPRESSED, "special_status_message", "concurrent_large_unary"):
    client_to("grpcio", python_case)
for odd_case in CLIENT_COMPRESSED + NEGATIVE + ODD:
    client_to("h2", odd_case)
for own_case in (*CLIENT_COMPRESSED, *SERVER_COMPRESSED, "concurrent_large_unary", "large_header"):
    client_to("sluice", own_case)
flags_on_the_wire("server_compressed_unary", "UnaryCall",
                  lambda m: m.SimpleRequest(response_size=314159, response_compressed=m.BoolValue(value=True)),
                  [(True, 314159)])
flags_on_the_wire("server_compressed_streaming", "StreamingOutputCall",
                  lambda m: m.StreamingOutputCallRequest(response_parameters=[
                      m.ResponseParameters(size=31415, compressed=m.BoolValue(value=True)),
                      m.ResponseParameters(size=92653, compressed=m.BoolValue(value=False))]),
                  [(True, 31415), (False, 92653)])
