"""A network of its own for one test: for programs that refuse loopback addresses as peers."""
import ctypes
import os
import subprocess
import traceback

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


def in_own_network(address, body):
    """Runs `body` in a child process whose network namespace has only `address`; it ends with the child."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) != 0:
            raise AssertionError("failed in its own network; see above")
        return
    code = 1
    try:
        flags = CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWNET | CLONE_NEWUSER
        if ctypes.CDLL(None, use_errno=True).unshare(flags) != 0:
            raise OSError(ctypes.get_errno(), "no network namespace of its own")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
        body()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)
