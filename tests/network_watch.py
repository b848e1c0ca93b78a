"""Hears every attempt of this process to use the network, below all libraries."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_LOOPBACK = ("127.", "::1", "localhost")
_ASKS = ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname")


class NetworkWatch:
    """What was attempted while it watched.

    Attributes:
        outside: Every connection, datagram or look-up of a name that is not this machine's.
        local: Every connection or datagram to a port of this machine.
        ports: Every port that was opened.
        children: The first word of every process that was started.
    """

    def __init__(self) -> None:
        self.outside: list[str] = []
        self.local: list[str] = []
        self.ports: list[str] = []
        self.children: list[str] = []
        self.on = True

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Audit hooks cannot be removed, only told to be deaf."""
        if not self.on:
            return
        if event == "socket.bind" and isinstance(arguments[1], tuple):
            self.ports.append(f"{arguments[1]}")
        elif event == "subprocess.Popen":
            self.children.append(str(arguments[0]))
        elif event in _ASKS:
            place = arguments[0] if event.startswith("socket.get") else arguments[1]
            host = place[0] if isinstance(place, tuple) else place
            # A path is a socket of this machine's own.
            local = host is None or (not isinstance(place, tuple) and event in _ASKS[:2])
            if local:
                return
            if not str(host).startswith(_LOOPBACK):
                self.outside.append(f"{event} {host}")
            elif event in _ASKS[:2]:
                self.local.append(f"{event} {host}")


@contextmanager
def watching() -> Iterator[NetworkWatch]:
    """Watch within the block."""
    watch = NetworkWatch()
    sys.addaudithook(watch.hear)
    try:
        yield watch
    finally:
        watch.on = False
