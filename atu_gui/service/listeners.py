"""Who hears what the workbench says: any thread may join or leave, the worker's thread tells."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from atu_gui.core.events import Event

_log = logging.getLogger(__name__)


class Listeners:
    """A set of sinks; one that fails is logged and costs the others nothing."""

    def __init__(self) -> None:
        self._sinks: list[Callable[[Event], None]] = []
        self._lock = threading.Lock()

    def add(self, sink: Callable[[Event], None]) -> Callable[[], None]:
        """Hear every event from now on; returns the way to stop hearing."""
        with self._lock:
            self._sinks.append(sink)

        def stop() -> None:
            with self._lock:
                if sink in self._sinks:
                    self._sinks.remove(sink)

        return stop

    def tell(self, event: Event) -> None:
        """Hand an event to everybody."""
        with self._lock:
            sinks = tuple(self._sinks)
        for sink in sinks:
            try:
                sink(event)
            except Exception:
                _log.exception("A subscriber failed on %s.", type(event).__name__)
