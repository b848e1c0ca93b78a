"""Previewing: what the embedding of the concept in the set-up catches, looked at again while somebody types."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from PySide6.QtCore import QObject, QTimer, Slot

from atu_gui.core.errors import InputError
from atu_gui.core.events import Event, JobFailed, RunFailed, RunFinished, StepDone
from atu_gui.core.ports import PreviewRequest
from atu_gui.core.preview import Preview
from atu_gui.ui.rooms.room import Reach, Room

# Typing changes a name with every letter; the encoder is asked when the hands rest.
_DELAY_MS = 350


class PreviewingRoom(Room):
    """Asks for previews of the concept that is being edited; an answer that is no longer wanted is dropped."""

    def __init__(self, reach: Reach, parent: QObject) -> None:
        super().__init__(reach, parent)
        self._concepts = self._bench.setup.concepts
        self._work: Future[Any] | None = None
        self._number = 0
        self._applied: float | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self.look)
        for changed in (self._bench.setup.edited, self._session.model_changed, self._session.materials_written):
            changed.connect(self._timer.start)
        self._concepts.turned_to.connect(self._timer.start)

    def handle(self, event: Event) -> None:
        """During a run the marks follow the τ that is applied; what went wrong is said in place."""
        match event:
            case StepDone(tau=float() as tau):
                self._applied = tau
                self._concepts.preview.set_tau(tau)
            case RunFinished() | RunFailed():
                self._applied = None
                self._timer.start()
            case JobFailed(job="preview"):
                self._concepts.preview.show_failure(f"{event.message} {event.hint}".strip())

    @Slot()
    def look(self) -> None:
        """Ask about the set-up as it stands."""
        self._number += 1
        if self._work is not None:
            self._work.cancel()
            self._work = None
        try:
            config = self._bench.setup.config()
        except InputError:
            # Something is half typed; what is shown may be about another name.
            self._concepts.show_preview(None)
            return
        if self._applied is None:
            self._concepts.preview.set_tau(config.rounds[0].tau if config.rounds else None)
        index = self._concepts.current
        number = self._number

        def seen(found: Preview) -> None:
            if number == self._number:
                self._concepts.show_preview(found)

        request = PreviewRequest(config, index, self._session.texts_about(config))
        self._work = self._session.serve(lambda port: port.preview(request), seen, lambda: None)
        if self._work is None:
            self._concepts.show_preview(None)
            self._concepts.preview.show_no_model()
