"""grpcio as client and as server of the official cases, for what the Ruby ones lack."""
import threading
import time
from concurrent import futures
from contextlib import contextmanager

import grpc
from interop_peer import official_python

ECHO_INITIAL, ECHO_TRAILING = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"
SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
LARGE = [("grpc.max_receive_message_length", 64 << 20)]


def payload(messages, size):
    return messages.Payload(body=b"\0" * size)


# The server


def make_servicer():
    messages, empty, services = official_python()

    class TestService(services.TestServiceServicer):
        def prepare(self, context):
            metadata = dict(context.invocation_metadata())
            if ECHO_INITIAL in metadata:
                context.send_initial_metadata([(ECHO_INITIAL, metadata[ECHO_INITIAL])])
            if ECHO_TRAILING in metadata:
                context.set_trailing_metadata([(ECHO_TRAILING, metadata[ECHO_TRAILING])])

        def status(self, request, context):
            if request.response_status.code:
                code = next(c for c in grpc.StatusCode if c.value[0] == request.response_status.code)
                context.abort(code, request.response_status.message)

        def EmptyCall(self, request, context):
            return empty.Empty()

        def UnaryCall(self, request, context):
            self.prepare(context)
            self.status(request, context)
            if request.response_compressed.value:
                context.set_compression(grpc.Compression.Gzip)
            return messages.SimpleResponse(payload=payload(messages, request.response_size))

        def StreamingOutputCall(self, request, context):
            if any(p.compressed.value for p in request.response_parameters):
                context.set_compression(grpc.Compression.Gzip)
            for parameters in request.response_parameters:
                if not parameters.compressed.value:
                    context.disable_next_message_compression()
                yield messages.StreamingOutputCallResponse(payload=payload(messages, parameters.size))

        def StreamingInputCall(self, requests, context):
            return messages.StreamingInputCallResponse(aggregated_payload_size=sum(len(r.payload.body) for r in requests))

        def FullDuplexCall(self, requests, context):
            self.prepare(context)
            for request in requests:
                self.status(request, context)
                for parameters in request.response_parameters:
                    yield messages.StreamingOutputCallResponse(payload=payload(messages, parameters.size))

    return TestService(), services


@contextmanager
def grpcio_server():
    """The address of a grpcio server of the test service."""
    servicer, services = make_servicer()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=32), options=LARGE)
    services.add_TestServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0)


# The client


def expect(code, action):
    try:
        action()
    except grpc.RpcError as error:
        assert error.code() == code, f"{error.code()}: {error.details()}"
        return error
    raise AssertionError(f"ended well instead of with {code}")


class Client:
    def __init__(self, address):
        self.messages, self.empty, services = official_python()
        self.channel = grpc.insecure_channel(address, options=LARGE)
        self.stub = services.TestServiceStub(self.channel)

    def large(self, **fields):
        return self.messages.SimpleRequest(response_size=314159, payload=payload(self.messages, 271828), **fields)

    def pongs(self, *sizes, **fields):
        parameters = [self.messages.ResponseParameters(size=size) for size in sizes]
        return self.messages.StreamingOutputCallRequest(response_parameters=parameters, **fields)

    def inputs(self, *sizes):
        return iter([self.messages.StreamingInputCallRequest(payload=payload(self.messages, size)) for size in sizes])

    def empty_unary(self):
        assert self.stub.EmptyCall(self.empty.Empty(), timeout=10) == self.empty.Empty()

    def large_unary(self):
        assert self.stub.UnaryCall(self.large(), timeout=20).payload.body == b"\0" * 314159

    def client_compressed_unary(self):
        expected = self.messages.BoolValue(value=True)
        expect(grpc.StatusCode.INVALID_ARGUMENT, lambda: self.stub.UnaryCall(self.large(expect_compressed=expected), timeout=20))
        answer = self.stub.UnaryCall(self.large(expect_compressed=expected), compression=grpc.Compression.Gzip, timeout=20)
        assert len(answer.payload.body) == 314159
        answer = self.stub.UnaryCall(self.large(expect_compressed=self.messages.BoolValue(value=False)), timeout=20)
        assert len(answer.payload.body) == 314159

    def server_compressed_unary(self):
        for value in (True, False):
            answer = self.stub.UnaryCall(self.large(response_compressed=self.messages.BoolValue(value=value)), timeout=20)
            assert len(answer.payload.body) == 314159

    def client_streaming(self):
        answer = self.stub.StreamingInputCall(self.inputs(27182, 8, 1828, 45904), timeout=10)
        assert answer.aggregated_payload_size == 74922

    def server_streaming(self):
        sizes = [len(a.payload.body) for a in self.stub.StreamingOutputCall(self.pongs(31415, 9, 2653, 58979), timeout=10)]
        assert sizes == [31415, 9, 2653, 58979]

    def server_compressed_streaming(self):
        request = self.pongs(31415, 92653)
        request.response_parameters[0].compressed.value = True
        request.response_parameters[1].compressed.value = False
        assert [len(a.payload.body) for a in self.stub.StreamingOutputCall(request, timeout=10)] == [31415, 92653]

    def ping_pong(self):
        sizes, answered = [(27182, 31415), (8, 9), (1828, 2653), (45904, 58979)], threading.Semaphore(1)

        def requests():
            for up, down in sizes:
                answered.acquire()
                yield self.pongs(down, payload=payload(self.messages, up))

        seen = []
        for answer in self.stub.FullDuplexCall(requests(), timeout=10):
            seen.append(len(answer.payload.body))
            answered.release()
        assert seen == [down for _, down in sizes]

    def empty_stream(self):
        assert list(self.stub.FullDuplexCall(iter([]), timeout=10)) == []

    def custom_metadata(self):
        metadata = [(ECHO_INITIAL, "test_initial_metadata_value"), (ECHO_TRAILING, b"\xab\xab\xab")]

        def check(call):
            assert (ECHO_INITIAL, "test_initial_metadata_value") in [tuple(m) for m in call.initial_metadata()]
            assert (ECHO_TRAILING, b"\xab\xab\xab") in [tuple(m) for m in call.trailing_metadata()]

        check(self.stub.UnaryCall.with_call(self.large(), metadata=metadata, timeout=10)[1])
        call = self.stub.FullDuplexCall(iter([self.pongs(314159)]), metadata=metadata, timeout=10)
        assert len(list(call)) == 1
        check(call)

    def status(self, text):
        status = self.messages.EchoStatus(code=2, message=text)
        request = self.messages.SimpleRequest(response_status=status)
        assert expect(grpc.StatusCode.UNKNOWN, lambda: self.stub.UnaryCall(request, timeout=10)).details() == text
        stream = iter([self.pongs(response_status=status)])
        error = expect(grpc.StatusCode.UNKNOWN, lambda: list(self.stub.FullDuplexCall(stream, timeout=10)))
        assert error.details() == text

    def status_code_and_message(self):
        self.status("test status method")

    def special_status_message(self):
        self.status(SPECIAL)

    def unimplemented_method(self):
        expect(grpc.StatusCode.UNIMPLEMENTED, lambda: self.stub.UnimplementedCall(self.empty.Empty(), timeout=10))

    def unimplemented_service(self):
        method = self.channel.unary_unary("/grpc.testing.UnimplementedService/UnimplementedCall")
        expect(grpc.StatusCode.UNIMPLEMENTED, lambda: method(b"", timeout=10))

    def cancel_after_begin(self):
        begun = threading.Event()

        def requests():
            begun.wait(10)
            yield from ()

        call = self.stub.StreamingInputCall.future(requests())
        call.cancel()
        begun.set()
        assert call.cancelled() and call.code() == grpc.StatusCode.CANCELLED

    def cancel_after_first_response(self):
        begun = threading.Event()

        def requests():
            yield self.pongs(31415, payload=payload(self.messages, 27182))
            begun.wait(10)

        call = self.stub.FullDuplexCall(requests(), timeout=10)
        assert len(next(call).payload.body) == 31415
        call.cancel()
        begun.set()
        expect(grpc.StatusCode.CANCELLED, lambda: next(call))

    def timeout_on_sleeping_server(self):
        begun = threading.Event()

        def requests():
            yield self.pongs(payload=payload(self.messages, 27182))
            begun.wait(5)

        try:
            expect(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: list(self.stub.FullDuplexCall(requests(), timeout=0.001)))
        finally:
            begun.set()

    def concurrent_large_unary(self):
        calls = [self.stub.UnaryCall.future(self.messages.SimpleRequest(
            response_size=31415, payload=payload(self.messages, 27182)), timeout=60) for _ in range(1000)]
        assert all(len(call.result().payload.body) == 31415 for call in calls)

    def soak(self):
        """rpc_soak: many calls on one channel, none of them slow."""
        slowest = 0
        for _ in range(200):
            start = time.monotonic()
            self.large_unary()
            slowest = max(slowest, time.monotonic() - start)
        assert slowest < 5, slowest


def run_grpcio_client(case, address):
    client = Client(address)
    try:
        getattr(client, case)()
    finally:
        client.channel.close()
