"""A cable with a delay between two network namespaces: NAMESPACE DEVICE NAMESPACE DEVICE MILLISECONDS.

Both devices are taps that it makes: each frame that leaves by one comes in at the other so much later. A tap splits what is
larger than its MTU and finishes checksums, so every frame is one as on a wire. A device's queueing discipline works before
it: the rate first, then the delay. It says ready when the devices are there; they go away with it, and it with its parent.
"""
import ctypes
import fcntl
import os
import select
import signal
import struct
import sys
import time
from collections import deque

PR_SET_PDEATHSIG = 1
CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
# More than an Ethernet frame of MTU 1500 with its header and a VLAN's tag.
FRAME_BYTES = 2048
# Frames held in one direction: 100 ms at 1 Gbit/s are 8,300. What comes above is lost, as in a switch.
HELD_FRAMES = 10_000
# While it holds frames it looks so often, in seconds: exact enough, and many frames at each look.
LOOK = 0.001

libc = ctypes.CDLL(None, use_errno=True)


def checked(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def tap(namespace, device):
    """Makes a device in a namespace; returns its descriptor."""
    with open(f"/run/netns/{namespace}") as file:
        checked(libc.setns(file.fileno(), CLONE_NEWNET))
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", device.encode(), IFF_TAP | IFF_NO_PI))
    return descriptor


class Direction:
    """Frames on their way from one device to the other, and when each is due."""

    def __init__(self, source, target, delay):
        self.source, self.target, self.delay = source, target, delay
        self.held = deque()

    def take(self, now):
        due = now + self.delay
        try:
            while True:
                frame = os.read(self.source, FRAME_BYTES)
                if len(self.held) < HELD_FRAMES:
                    self.held.append((due, frame))
        except BlockingIOError:
            pass

    def give(self, now):
        held = self.held
        while held and held[0][0] <= now:
            try:
                os.write(self.target, held.popleft()[1])
            except OSError:
                pass  # The device is not up yet: lost, as on a cable that hangs loose.


def main(one, device, other, other_device, milliseconds):
    checked(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
    # An interrupted lab ends it when nothing needs it any more.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    near, far = tap(one, device), tap(other, other_device)
    delay = float(milliseconds) / 1000
    directions = (Direction(near, far, delay), Direction(far, near, delay))
    print("ready", flush=True)
    while True:
        due = min((direction.held[0][0] for direction in directions if direction.held), default=None)
        if due is None:
            select.select((near, far), (), ())
        else:
            time.sleep(max(0, min(LOOK, due - time.monotonic())))
        now = time.monotonic()
        for direction in directions:
            direction.give(now)
            direction.take(now)


if __name__ == "__main__":
    main(*sys.argv[1:])
