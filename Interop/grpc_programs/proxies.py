"""Envoy and nginx in front of control, each on a port of its own."""
import json
import os
import socket
import sys
from contextlib import contextmanager
from pathlib import Path

from fleet import Process, free_port, wait_until

BIN = Path(sys.executable).parent


def answers(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(command, name, folder, port, environment=None):
    process = Process(command, name, f"{folder}/{name}.log", environment)
    try:
        wait_until(lambda: answers(port) or not process.running, 30, f"{name} to listen")
        assert process.running, f"{name} ended: " + "\n".join(process.lines[-10:])
        yield f"127.0.0.1:{port}"
    finally:
        process.stop()


def envoy(folder, door):
    """Envoy, which takes gRPC, gRPC-Web and Connect and speaks gRPC with control."""
    host, port = door.address.split(":")
    own = free_port()

    def filter_(name, kind):
        return {"name": f"envoy.filters.http.{name}",
                "typed_config": {"@type": f"type.googleapis.com/envoy.extensions.filters.http.{kind}"}}

    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in", "codec_type": "AUTO", "stream_idle_timeout": "0s",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
            {"match": {"prefix": "/"}, "route": {"cluster": "control", "timeout": "0s"}}]}]},
        "http_filters": [
            filter_("grpc_web", "grpc_web.v3.GrpcWeb"),
            filter_("connect_grpc_bridge", "connect_grpc_bridge.v3.FilterConfig"),
            filter_("router", "router.v3.Router"),
        ],
    }
    tls = {} if not door.authority else {"transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        "common_tls_context": {"alpn_protocols": ["h2"], "validation_context": {
            "trusted_ca": {"filename": door.authority},
            "match_typed_subject_alt_names": [{"san_type": "IP_ADDRESS", "matcher": {"exact": host}}]}}}}}
    configuration = {"static_resources": {
        "listeners": [{
            "address": {"socket_address": {"address": "127.0.0.1", "port_value": own}},
            "filter_chains": [{"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}],
        }],
        "clusters": [{
            "name": "control", "type": "STATIC", "connect_timeout": "5s", **tls,
            "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {}}}},
            "load_assignment": {"cluster_name": "control", "endpoints": [{"lb_endpoints": [{"endpoint": {
                "address": {"socket_address": {"address": host, "port_value": int(port)}}}}]}]},
        }],
    }}
    path = f"{folder}/envoy.json"
    Path(path).write_text(json.dumps(configuration))
    command = [str(BIN / "envoy"), "-c", path, "--disable-hot-restart", "--concurrency", "1", "--log-level", "warning"]
    return running(command, "envoy", folder, own)


def nginx(folder, door, read_timeout="300s"):
    """nginx with grpc_pass, which cuts a call on which nothing comes back for so long."""
    scheme, verify = "grpc", ""
    if door.authority:
        # nginx checks a certificate against names only, not against addresses.
        scheme, verify = "grpcs", (f"grpc_ssl_verify on; grpc_ssl_trusted_certificate {door.authority}; "
                                   "grpc_ssl_name localhost; grpc_ssl_protocols TLSv1.2 TLSv1.3;")
    own = free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    Path(f"{folder}/nginx.conf").write_text(f"""
{user}
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.err warn;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{
        listen 127.0.0.1:{own} http2;
        grpc_read_timeout {read_timeout};
        {verify}
        location / {{ grpc_pass {scheme}://{door.address}; }}
    }}
}}
""")
    command = ["/usr/sbin/nginx", "-p", folder, "-c", f"{folder}/nginx.conf", "-e", f"{folder}/nginx.err"]
    return running(command, "nginx", folder, own)
