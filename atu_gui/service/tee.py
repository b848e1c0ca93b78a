"""Hands every event to everybody who listens, on the worker's thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from atu_gui.core.events import Event

_log = logging.getLogger(__name__)


class Tee:
    """Subscribers come and go on any thread; one that fails costs the others nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sinks: list[Callable[[Event], None]] = []

    def subscribe(self, sink: Callable[[Event], None]) -> Callable[[], None]:
        """Hear every event from now on; returns the way to stop hearing."""
        with self._lock:
            self._sinks.append(sink)

        def stop() -> None:
            with self._lock:
                if sink in self._sinks:
                    self._sinks.remove(sink)

        return stop

    def emit(self, event: Event) -> None:
        """Tell everybody."""
        with self._lock:
            sinks = tuple(self._sinks)
        for sink in sinks:
            try:
                sink(event)
            except Exception:
                _log.exception("A subscriber failed on %s.", type(event).__name__)
