"""Where a failure is told: at the place where it arose, in words, with its details on request."""

from __future__ import annotations

from PySide6.QtCore import QObject

from atu_gui.core.events import JobFailed, RunFailed
from atu_gui.ui.widgets.notice import Notice


class Notifier(QObject):
    """Chooses the notice that stands nearest to what failed."""

    def __init__(self, welcome: Notice, review: Notice, model: Notice, workbench: Notice) -> None:
        super().__init__()
        self._welcome, self._review, self._model, self._workbench = welcome, review, model, workbench

    def show_failure(self, event: JobFailed | RunFailed, page: str) -> Notice | None:
        """Say it; `page` is what the user looks at (welcome, review, workbench). A chat says its own failures."""
        if isinstance(event, RunFailed):
            kept = f" Round {event.last_good_round} is kept." if event.last_good_round else ""
            self._workbench.say(event.message, f"{event.hint}{kept}".strip(), event.details)
            return self._workbench
        if event.job == "chat":
            return None
        near = {"welcome": self._welcome, "review": self._review}.get(page)
        if near is None:
            near = self._model if event.job in ("load", "download", "loading", "fetching") else self._workbench
        near.say(event.message, event.hint, event.details)
        return near
