"""Where a failure is told: at the place where it arose, in words, with its details on request."""

from __future__ import annotations

from PySide6.QtCore import QObject

from atu_gui.core.events import JobFailed, RunFailed
from atu_gui.ui.widgets.notice import Notice

_OF_MODEL = ("load", "download", "loading", "fetching")


class Notifier(QObject):
    """Chooses the notice that stands nearest to what failed."""

    def __init__(self, welcome: tuple[Notice, Notice], review: Notice, workbench: tuple[Notice, Notice]) -> None:
        """Of welcome and workbench each: the notice beside the model, and the one for the rest."""
        super().__init__()
        self._welcome, self._review, self._workbench = welcome, review, workbench

    def show_failure(self, event: JobFailed | RunFailed, page: str) -> Notice | None:
        """Say it; `page` is what the user looks at (welcome, review, workbench). Some say their own."""
        if isinstance(event, RunFailed):
            kept = f" Round {event.last_good_round} is kept." if event.last_good_round else ""
            run = self._workbench[1]
            run.say(event.message, f"{event.hint}{kept}".strip(), event.details)
            return run
        if event.job in ("chat", "tokens", "preview"):
            return None
        beside_model, elsewhere = self._welcome if page == "welcome" else self._workbench
        near = beside_model if event.job in _OF_MODEL else elsewhere
        if page == "review":
            near = self._review
        near.say(event.message, event.hint, event.details)
        return near
