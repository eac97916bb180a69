"""Ports for servers that are told theirs, as Tocsin is: of one test program at a time, and not among those that the kernel
gives to outgoing connections, or a connection of somebody else may sit there when the server starts or comes back."""
from __future__ import annotations

import random
import socket

CANDIDATES = range(10240, 32768)  # Linux gives out 32768 and up: net.ipv4.ip_local_port_range


def _claim(port: int) -> bool:
    """Takes an abstract name, which the kernel frees with this process, however it ends."""
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0tocsin-test-port-{port}")
    except OSError:
        claim.close()
        return False
    claim.detach()
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port of 127.0.0.1 for this program until it ends."""
    for port in random.sample(CANDIDATES, len(CANDIDATES)):
        if _claim(port) and _is_free(port):
            return port
    raise OSError("no port is free")
