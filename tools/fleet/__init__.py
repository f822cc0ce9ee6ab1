"""A small fleet on loopback for tools/demo and the interop tests: nginx as origin, control, relays and agents."""
from .fleet import Fleet, sha256_of
from .namespace import in_own_network
from .origin import ConnectionSampler, Origin
from .process import Process, free_port, wait_until

__all__ = ["ConnectionSampler", "Fleet", "Origin", "Process", "free_port", "in_own_network", "sha256_of", "wait_until"]
