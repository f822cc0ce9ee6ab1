"""One process of the fleet: started, watched, and ended by whoever started it."""
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path


def end_when_interrupted():
    """A signal ends this program as an exception does, once: a second one does not disturb what the first made it take away."""
    signals = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signals.append(signal.SIGHUP)

    def end(number, _):
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        sys.exit(128 + number)

    for each in signals:
        signal.signal(each, end)


def free_port():
    """A port the kernel has free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def release_binary(product="sluice", *options):
    """Builds a program for release; returns where it is."""
    folder = Path(__file__).resolve().parents[2]
    build = ["swift", "build", "-c", "release", *options]
    subprocess.run([*build, "--product", product], cwd=folder, check=True, stdout=sys.stderr)
    shown = subprocess.run([*build, "--show-bin-path"], cwd=folder, check=True, capture_output=True, text=True)
    return f"{shown.stdout.strip()}/{product}"


def wait_until(condition, seconds, what):
    """Returns the condition's first true value, or fails with what was awaited."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s for {what}")


# What ends a Swift program by itself.
CRASHES = {-number for number in (signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGSEGV)}
# What Swift's runtime then writes: the stack of the thread that crashed, and no more.
BACKTRACE = "enable=yes,color=no,interactive=no,threads=crashed,registers=none,images=none"


class Process:
    """Keeps the lines a program writes, and lets a caller await one that matches."""

    def __init__(self, arguments, name, log_path, environment=None):
        self.arguments, self.name, self.log_path = arguments, name, log_path
        self.lines = []
        self.arrived = threading.Condition()
        self.log = open(log_path, "ab")
        environment = {"SWIFT_BACKTRACE": BACKTRACE, **(os.environ if environment is None else environment)}
        self.popen = subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment
        )
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for raw in self.popen.stdout:
            self.log.write(raw)
            self.log.flush()
            with self.arrived:
                self.lines.append(raw.decode(errors="replace").rstrip("\n"))
                self.arrived.notify_all()
        with self.arrived:
            self.arrived.notify_all()

    def await_line(self, pattern, seconds=20):
        """The match of the first line that has the pattern."""
        end = time.monotonic() + seconds
        seen = 0
        with self.arrived:
            while True:
                for line in self.lines[seen:]:
                    found = re.search(pattern, line)
                    if found:
                        return found
                seen = len(self.lines)
                left = end - time.monotonic()
                if left <= 0 or (self.popen.poll() is not None and not self.reader.is_alive()):
                    tail = "\n".join(line[:400] for line in self.last_words(15))
                    raise AssertionError(f"{self.name} never said {pattern!r}; its last lines:\n{tail}")
                self.arrived.wait(min(left, 0.5))

    @property
    def running(self):
        return self.popen.poll() is None

    @property
    def crash(self):
        """What a program that crashed has said about it; nothing of one that did not."""
        for at, line in enumerate(self.lines):
            if "Fatal error" in line or "rogram crashed" in line:
                return self.lines[at:]
        return self.lines[-1:] or ["it said nothing"] if self.popen.poll() in CRASHES else []

    def last_words(self, count):
        """Of a crash what matters of it, else the last lines."""
        return self.crash[:60] or self.lines[-count:]

    def kill(self):
        """kill -9, as a crash would."""
        self.popen.send_signal(signal.SIGKILL)
        self.popen.wait()

    def stop(self):
        """Asks it to end, and insists after ten seconds."""
        if self.running:
            self.popen.terminate()
            try:
                self.popen.wait(10)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        self.reader.join(5)
        self.log.close()
