"""Quiet mode: how many of the processor's threads the worker computes with."""

from __future__ import annotations

from atu_gui.service.backend import Engine


class Quiet:
    """Lives on the worker's thread: torch counts its threads for each thread that computes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._all = 0

    def set(self, quiet: bool) -> int:
        """Compute with half the threads that there were at first, at least one, or with all; gives how many."""
        self._all = self._all or self._engine.threads_used()
        wanted = max(1, self._all // 2) if quiet else self._all
        self._engine.use_threads(wanted)
        return wanted
