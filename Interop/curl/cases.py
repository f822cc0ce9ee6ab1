"""curl and wget read from a relay that is still pulling."""
import hashlib
import subprocess

from fleet import Fleet, sha256_of, wait_until


def slow_push(fleet, mebibytes=12):
    path = fleet.origin.make_file("build.img", mebibytes)
    fleet.start(relays=1, agents=0)
    fleet.start_agent(1)
    fleet.register_origin()
    fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo")
    address = fleet.listens["relay-1"]

    def blob_url():
        listing = subprocess.run(["curl", "-s", f"http://{address}/blobs"], capture_output=True, text=True).stdout
        words = [word for word in listing.replace('"', " ").split() if word.startswith("/blobs/")]
        return f"http://{address}{words[0]}" if words else None

    return path, wait_until(blob_url, 20, "the relay to list its blob")


def curl(*arguments, timeout=120):
    return subprocess.run(["curl", "-sS", "--fail", *arguments], capture_output=True, timeout=timeout, check=True).stdout


def case_ranges_while_pulling(binary):
    """curl -r over HTTP/1.1 and --http2-prior-knowledge gets bytes the relay does not have yet: it waits for them."""
    with Fleet(binary, origin_rate=3_000_000) as fleet:
        path, url = slow_push(fleet)
        with open(path, "rb") as file:
            content = file.read()
        assert curl("-r", "0-99999", url) == content[:100_000]
        assert curl("--http2-prior-knowledge", "-r", "5000000-5999999", url) == content[5_000_000:6_000_000]
        assert curl("-r", "-1000", url) == content[-1000:]
        head = curl("-I", url).decode().lower()
        assert f"content-length: {len(content)}" in head and "accept-ranges: bytes" in head


def case_the_whole_file_while_pulling(binary):
    """The whole file over HTTP/2, and wget -c after half of it, from a relay that began a moment ago."""
    with Fleet(binary, origin_rate=3_000_000) as fleet:
        path, url = slow_push(fleet)
        with open(path, "rb") as file:
            half = file.read(3 << 20)
        with open(f"{fleet.root}/resumed.img", "wb") as file:
            file.write(half)
        resumed = subprocess.Popen(["wget", "-q", "-c", "-O", f"{fleet.root}/resumed.img", url])
        assert hashlib.sha256(curl("--http2-prior-knowledge", url)).hexdigest() == sha256_of(path)
        assert resumed.wait(120) == 0
        assert sha256_of(f"{fleet.root}/resumed.img") == sha256_of(path)


def case_tls_on_the_same_port(binary):
    """A relay with a certificate answers https with HTTP/2 and HTTP/1.1 on its one port."""
    with Fleet(binary) as fleet:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", f"{fleet.root}/key.pem", "-out", f"{fleet.root}/cert.pem", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
                       check=True, capture_output=True)
        path = fleet.origin.make_file("build.img", 4)
        fleet.start_control()
        fleet.start_relay(1, "--tls-cert", f"{fleet.root}/cert.pem", "--tls-key", f"{fleet.root}/key.pem")
        fleet.start_agent(1)
        fleet.register_origin()
        fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo", "--watch")
        address = fleet.listens["relay-1"]
        listing = curl("--cacert", f"{fleet.root}/cert.pem", f"https://{address}/blobs").decode()
        place = [word for word in listing.replace('"', " ").split() if word.startswith("/blobs/")][0]
        for version, option in (("2", "--http2"), ("1.1", "--http1.1")):
            out = f"{fleet.root}/tls-{version}.img"
            shown = curl("--cacert", f"{fleet.root}/cert.pem", option, "-o", out, "-w", "%{http_version}",
                         f"https://{address}{place}").decode()
            assert shown == version, f"asked for HTTP/{version}, got {shown}"
            assert sha256_of(out) == sha256_of(path)
