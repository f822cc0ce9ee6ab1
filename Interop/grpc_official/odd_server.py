"""A server on python's h2 that behaves as gRPC's negative HTTP/2 test server does, one behaviour for each case, and
for the compressed cases reads every message's flag, which grpcio does not show."""
import socket
import struct
import threading
import zlib

import h2.config
import h2.connection
import h2.events
import h2.settings
from interop_peer import official_python

RESPONSE_SIZE = 314159


class OddServer:
    """Use as a context. What went wrong on the server's side fails the case on leaving."""

    def __init__(self, case):
        self.case = case
        self.failures = []

    def __enter__(self):
        self.messages = official_python()[0]
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, kind, *_):
        self.listener.close()
        assert kind is not None or not self.failures, self.failures
        if kind is None and self.case == "goaway":
            assert self.connections == 2, f"{self.connections} connections, not a new one behind GOAWAY"

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=OddConnection(self, client).run, daemon=True).start()


class OddConnection:
    def __init__(self, server, client):
        self.server, self.case, self.socket, self.messages = server, server.case, client, server.messages
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(
            client_side=False, header_encoding="utf-8", normalize_outbound_headers=False, validate_outbound_headers=False))
        self.requests, self.outgoing, self.pings, self.answered = {}, {}, 0, 0

    def run(self):
        try:
            self.h2.initiate_connection()
            if self.case == "max_streams":
                self.h2.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 1})
            self.flush()
            while data := self.socket.recv(1 << 16):
                for event in self.h2.receive_data(data):
                    self.handle(event)
                self.pump()
                self.flush()
        except OSError:
            pass  # the client has what it wanted
        except Exception as error:
            if self.case != "goaway":  # behind GOAWAY python's h2 takes nothing more, not even what is legal
                self.server.failures.append(repr(error))
        finally:
            if self.case == "ping" and self.pings != self.answered:
                self.server.failures.append(f"{self.pings} PINGs, {self.answered} answers")
            self.socket.close()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def ping(self):
        if self.case == "ping":
            self.h2.ping(struct.pack(">Q", self.pings))
            self.pings += 1

    def handle(self, event):
        if isinstance(event, h2.events.RequestReceived):
            self.requests[event.stream_id] = (dict(event.headers), bytearray())
            if self.case == "max_streams" and len([s for s in self.requests if s not in self.done()]) > 1:
                self.server.failures.append("more streams than allowed")
            self.ping()
        elif isinstance(event, h2.events.DataReceived):
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            if event.stream_id in self.requests:
                self.requests[event.stream_id][1].extend(event.data)
        elif isinstance(event, h2.events.PingAckReceived):
            self.answered += 1
        elif isinstance(event, h2.events.StreamEnded):
            self.answer(event.stream_id)

    def done(self):
        return {stream for stream, out in self.outgoing.items() if out is None}

    def parts(self, stream):
        """The request's messages: [(compressed, bytes)]."""
        body, parts = bytes(self.requests[stream][1]), []
        while body:
            flag, count = struct.unpack(">BI", body[:5])
            part = body[5:5 + count]
            parts.append((bool(flag), zlib.decompress(part, wbits=31) if flag else part))
            body = body[5 + count:]
        return parts

    def compressed_answer(self, stream):
        """(status, response) of the compressed cases."""
        path, parts = self.requests[stream][0][":path"], self.parts(stream)
        is_unary = path.endswith("/UnaryCall")
        kind = self.messages.SimpleRequest if is_unary else self.messages.StreamingInputCallRequest
        total = 0
        for flag, part in parts:
            request = kind.FromString(part)
            if request.expect_compressed.value != flag:
                return 3, b""
            total += len(request.payload.body)
        if is_unary:
            return 0, self.messages.SimpleResponse(payload=self.messages.Payload(body=b"\0" * RESPONSE_SIZE)).SerializeToString()
        return 0, self.messages.StreamingInputCallResponse(aggregated_payload_size=total).SerializeToString()

    def answer(self, stream):
        status = 0
        if self.case.startswith("client_compressed"):
            status, body = self.compressed_answer(stream)
        else:
            body = self.messages.SimpleResponse(payload=self.messages.Payload(body=b"\0" * RESPONSE_SIZE)).SerializeToString()
        if self.case == "interim_responses":
            for early in ("100", "103", "103"):
                self.h2.send_headers(stream, [(":status", early), ("link", "</style.css>; rel=preload")])
        if self.case == "outer_spaces":
            self.h2.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc"), ("x-note", " spaced ")])
            self.h2.send_headers(stream, [("grpc-status", "10"), ("grpc-message", " spaced "), ("x-end", "\tend ")], end_stream=True)
            return
        self.h2.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
        if self.case == "rst_after_header":
            self.h2.reset_stream(stream)
            return
        framed = struct.pack(">BI", 0, len(body)) + body if status == 0 else b""
        if self.case == "rst_during_data":
            framed = framed[:len(framed) // 2]
        self.outgoing[stream] = (framed, status)

    def pump(self):
        """Sends what the windows allow."""
        for stream, out in list(self.outgoing.items()):
            if out is None:
                continue
            body, status = out
            while body:
                room = self.h2.local_flow_control_window(stream)
                padding = 255 if self.case == "data_frame_padding" else None
                size = 5 if self.case in ("data_frame_padding", "no_df_padding_sanity_test") else self.h2.max_outbound_frame_size
                size = min(size, room - (0 if padding is None else 256), len(body))
                if size <= 0:
                    break
                self.h2.send_data(stream, body[:size], pad_length=padding)
                body = body[size:]
                if len(body) % 50000 < size:
                    self.ping()
            self.outgoing[stream] = (body, status)
            if not body:
                self.finish(stream, status)

    def finish(self, stream, status):
        self.outgoing[stream] = None
        if self.case in ("rst_during_data", "rst_after_data"):
            self.h2.reset_stream(stream)
            return
        if self.case == "ping":
            self.ping()
        self.h2.send_headers(stream, [("grpc-status", str(status))], end_stream=True)
        if self.case == "goaway":
            self.h2.close_connection()
