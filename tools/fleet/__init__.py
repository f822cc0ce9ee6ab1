"""A small fleet on loopback for tools/demo and the interop tests: nginx as origin, control, relays and agents."""
from .fleet import Fleet, sha256_of
from .origin import ConnectionSampler, Origin
from .process import Process, free_port, wait_until

__all__ = ["ConnectionSampler", "Fleet", "Origin", "Process", "free_port", "sha256_of", "wait_until"]
