"""Our own program of the interop tests, as a server or as a client; and the official protos for Python."""
import importlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from fleet import Process

OFFICIAL = Path("/usr/share/grpc-proto/grpc/testing")


def peer_program(binary):
    """sluice-interop, which is built beside sluice."""
    path = os.path.join(os.path.dirname(os.path.abspath(binary)), "sluice-interop")
    assert os.path.exists(path), f"{path} is not built: swift build --product sluice-interop"
    return path


class InteropPeer:
    """`sluice-interop serve`; use as a context."""

    def __init__(self, binary, *options):
        self.arguments = [peer_program(binary), "serve", *options]

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.process = Process(self.arguments, "sluice-interop", f"{self.folder.name}/log")
        self.address = self.process.await_line(r"listening on ([0-9.]+:\d+)").group(1)
        return self

    def __exit__(self, kind, *_):
        crashed = not self.process.running
        self.process.stop()
        self.folder.cleanup()
        if kind is None:
            assert not crashed, "sluice-interop ended by itself:\n" + "\n".join(self.process.lines[-15:])

    @property
    def pid(self):
        return self.process.popen.pid

    def memory(self):
        """What is resident, in MiB."""
        return memory_of(self.pid)


def memory_of(pid):
    """What is resident of a process, in MiB."""
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[1]) * 4096 / (1 << 20)


def run_client(binary, case, address, seconds=60):
    """Our client's side of a case; fails with what it says."""
    done = subprocess.run([peer_program(binary), "client", case, "--server", address], capture_output=True, text=True,
                          timeout=seconds)
    assert done.returncode == 0, (done.stderr + done.stdout).strip() or f"ended with {done.returncode}"


_made = {}


def official_python():
    """(messages, empty, services) of the official test service for Python.

    They go into a package of another name, since the official one is that of grpcio itself.
    """
    if not _made:
        import grpc_tools
        from grpc_tools import protoc

        folder = tempfile.TemporaryDirectory()
        source = Path(folder.name) / "interop_official"
        source.mkdir()
        for name in ("empty", "messages", "test"):
            text = (OFFICIAL / f"{name}.proto").read_text().replace("grpc/testing/", "interop_official/")
            (source / f"{name}.proto").write_text(text)
        include = str(Path(grpc_tools.__file__).parent / "_proto")
        assert protoc.main(["protoc", f"-I{folder.name}", f"-I{include}", f"--python_out={folder.name}",
                            f"--grpc_python_out={folder.name}", *map(str, sorted(source.glob("*.proto")))]) == 0
        sys.path.insert(0, folder.name)
        modules = [importlib.import_module(f"interop_official.{n}") for n in ("messages_pb2", "empty_pb2", "test_pb2_grpc")]
        _made["folder"], _made["modules"] = folder, modules
    return _made["modules"]
